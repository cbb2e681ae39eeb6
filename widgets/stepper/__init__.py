"""The matmul lesson's dashboard: step through one product, instruction by instruction.

from widgets.stepper import lesson

lesson()                                  # in Voila: at the moment that the address names
lesson(state={"kernel": "blocked", "M": 1024, "row": 17})
"""

from widgets.stepper.widget import Stepper, lesson

__all__ = ["Stepper", "lesson"]
