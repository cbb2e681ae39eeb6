"""Which part of a NeuronCore would be the slowest, if each ran alone at its ceiling."""

from widgets.balance.times import ELEMENT_BYTES, Balance, Share, balance, knee
from widgets.balance.widget import BalanceCalculator

__all__ = ["ELEMENT_BYTES", "Balance", "BalanceCalculator", "Share", "balance", "knee"]
