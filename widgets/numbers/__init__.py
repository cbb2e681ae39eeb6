"""The lesson on numbers: from the bits of one value to the accuracy of a network.

from widgets import numbers

bench = numbers.lesson()
bench.number; bench.block; bench.matrix; bench.product; bench.network
"""

from widgets.numbers.bench import Bench, lesson
from widgets.numbers.block import presets

__all__ = ["Bench", "lesson", "presets"]
