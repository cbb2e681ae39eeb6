"""A handwritten digit, read by a small network that runs on the modelled core.

from widgets.digit_reader import DigitReader

DigitReader()
"""

from widgets.digit_reader.reader import DigitReader

__all__ = ["DigitReader"]
