"""Whole networks on the modelled core: what a format for each layer does to accuracy and time."""

from trnlab.networks.digits import digits_network
from trnlab.networks.mix_search import Found, search
from trnlab.networks.network import Network, Outcome
from trnlab.networks.text import text_network, wider_text

__all__ = [
    "Found",
    "Network",
    "Outcome",
    "digits_network",
    "search",
    "text_network",
    "wider_text",
]
