"""Build a machine of many chips, and see which links a message takes.

    from widgets.machine import lesson

    lesson()                        # in Voila: as the page's address says, after `?m=`
    lesson(state={"system": "trn2", "chips": 16})

Goes in: a choice of system, chips and traffic. Comes out: readings of `trnlab.cluster.topology`.
"""

from widgets.machine.widget import MachineBoard, lesson

__all__ = ["MachineBoard", "lesson"]
