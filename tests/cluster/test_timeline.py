"""A drawn pipeline agrees with the formulas of its bubble."""

import numpy as np
import pytest

from trnlab.cluster.timeline import KINDS, PipelineTimeline, pipeline_timeline


def overlaps(line: PipelineTimeline) -> bool:
    for stage in np.unique(line.stage):
        rows = line.stage == stage
        start = line.start_s[rows]
        end = start + line.busy_s[rows]
        if (start[1:] < end[:-1] - 1e-12).any():
            return True
    return False


def test_two_stages_two_micro_batches_by_hand() -> None:
    line = pipeline_timeline(2, 2, 1.0, 2.0)
    rows = zip(line.stage, line.micro_batch, line.kind, line.start_s, strict=True)
    assert [(s, m, KINDS[k], float(t)) for s, m, k, t in rows] == [
        (0, 0, "forward", 0.0),
        (0, 1, "forward", 1.0),
        (1, 0, "forward", 1.0),
        (1, 0, "backward", 2.0),
        (0, 0, "backward", 4.0),
        (1, 1, "forward", 4.0),
        (1, 1, "backward", 5.0),
        (0, 1, "backward", 7.0),
    ]


@pytest.mark.parametrize(("stages", "micro_batches"), [(1, 3), (2, 4), (4, 8), (8, 8), (5, 17)])
def test_1f1b_takes_stages_less_one_more_turns(stages: int, micro_batches: int) -> None:
    line = pipeline_timeline(stages, micro_batches, 1.0, 2.0)
    assert line.total_s == pytest.approx(3 * (micro_batches + stages - 1))
    assert not overlaps(line)


@pytest.mark.parametrize("virtual", [2, 4])
def test_interleaving_divides_the_bubble(virtual: int) -> None:
    line = pipeline_timeline(4, 8, 1.0, 2.0, virtual_stages=virtual)
    assert line.total_s == pytest.approx(3 * 8 + 3 * 3 / virtual)
    assert len(line.stage) == 2 * 4 * 8 * virtual and not overlaps(line)


def test_gradients_of_weights_fill_the_bubble() -> None:
    plain = pipeline_timeline(4, 12, 1.0, 2.0)
    filled = pipeline_timeline(4, 12, 1.0, 2.0, schedule="zero-bubble")
    assert filled.busy_s.sum() == pytest.approx(plain.busy_s.sum())
    assert filled.total_s - 36 <= (plain.total_s - 36) / 3 + 1e-9
    assert not overlaps(filled)


def test_sending_delays_the_first_and_the_last() -> None:
    slow = pipeline_timeline(3, 3, 1.0, 2.0, send_s=0.5)
    assert slow.total_s > pipeline_timeline(3, 3, 1.0, 2.0).total_s
    assert not overlaps(slow)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0, 1, 1.0, 2.0), {}, "stages = 0 should be a whole number"),
        ((4, 6, 1.0, 2.0), {"virtual_stages": 2}, "6 is not a multiple"),
        ((512, 4096, 1.0, 2.0), {}, "too many to draw"),
        ((4, 8, float("nan"), 2.0), {}, "forward_s = nan should be seconds, 0 or more"),
        ((4, 8, 1.0, -2.0), {}, "backward_s = -2.0 should be seconds, 0 or more"),
        ((4, 8, 1.0, 2.0), {"schedule": "zb"}, "schedule = 'zb' should be one of 1f1b"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments: tuple, options: dict, message: str) -> None:
    with pytest.raises(ValueError) as error:
        pipeline_timeline(*arguments, **options)
    assert message in str(error.value)
