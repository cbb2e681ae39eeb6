"""Step a collective: the sends that are timed are the sends that move data.

    from widgets.collective import lesson

    lesson()                        # in Voila: as the page's address says, after `?c=`
    lesson(state={"system": "trn2", "chips": 16, "kind": "all_gather", "ranks": 16, "stride": 4})

Goes in: a choice of machine, group, collective and algorithm. Comes out: a schedule of
`trnlab.cluster.collectives`, executed on arrays and timed on links.
"""

from widgets.collective.widget import CollectiveBoard, lesson

__all__ = ["CollectiveBoard", "lesson"]
