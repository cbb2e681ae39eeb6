"""The profiler: where the time of a kernel goes, and what would fix it.

    from widgets.profiler import lesson

    profiler = lesson()                       # the gallery; in Voila: as the address says
    lesson(kernel=my_kernel, inputs=[a, b])   # in a notebook: a kernel of your own
    profiler.roofline                         # a chart that follows it
    validation()                              # published figures, and the model's

Goes in: a choice from the gallery, or a kernel and its inputs. Comes out: widgets over readings of
`trnlab.profile`. A page under Voila offers the gallery only and runs no visitor's code.
"""

from widgets.profiler.widget import Profiler, lesson
from widgets.validation import kernels as validation

__all__ = ["Profiler", "lesson", "validation"]
