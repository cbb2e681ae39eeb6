"""Place a model on a machine: time, memory, links and bubbles of a plan, and the best plans.

    from widgets.cluster_planner import lesson

    lesson()                        # in Voila: as the page's address says, after `?p=`
    lesson(state={"model": "llama-3.1-405b", "chips": 1008, "tp": 8, "pp": 9})

Goes in: a model, a machine, a plan, a workload. Comes out: predictions of `trnlab.cluster`.
"""

from widgets.cluster_planner.widget import PlannerBoard, lesson

__all__ = ["PlannerBoard", "lesson"]
