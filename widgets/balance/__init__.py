"""Which part of a NeuronCore would be the slowest, if each ran alone at its ceiling."""

from widgets.balance.times import DTYPES, Balance, Share, balance
from widgets.balance.widget import BalanceCalculator

__all__ = ["DTYPES", "Balance", "BalanceCalculator", "Share", "balance"]
