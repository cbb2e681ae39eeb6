"""The tuner."""

import math
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import trnlab
from trnlab.kernels.matmul import LADDER, Rung
from trnlab.metrics.profile import profile, shape
from trnlab.metrics.tune import Tuning, tune

OPERAND = shape((1024, 1024), "bfloat16")
SHAPES = (OPERAND, OPERAND)


@pytest.fixture(scope="module")
def tuning() -> Tuning:
    return tune(LADDER, SHAPES, chip="trn3", blocks=(1, 2, 4))


def test_it_is_part_of_the_package() -> None:
    assert trnlab.tune is tune


def test_every_choice_of_every_kernel_is_tried(tuning: Tuning) -> None:
    blocks = {name: 3 ** len(rung.blocks) for name, rung in LADDER.items()}
    tiles = {name: math.prod(map(len, rung.tiles.values())) for name, rung in LADDER.items()}
    assert len(tuning.candidates) == sum(blocks[name] * tiles[name] for name in LADDER)
    assert {dict(found.choices).get("n_tile") for found in tuning.legal} == {None, 256, 512}
    assert {found.kernel for found in tuning.legal} == {"tiled", "hoisted", "blocked", "pipelined"}


def test_the_best_is_the_fastest_and_its_time_is_that_of_a_profile(tuning: Tuning) -> None:
    best = tuning.best
    assert best.total_s == min(found.total_s for found in tuning.legal)
    alone = profile(LADDER[best.kernel].kernel, *SHAPES, chip="trn3", **dict(best.choices))
    assert (alone.total_s, alone.mfu) == (best.total_s, best.mfu)


def test_refused_candidates_say_why(tuning: Tuning) -> None:
    refused = [found for found in tuning.candidates if found.refused]
    assert "N = 1024 is not a multiple of 2048" in " ".join(found.refused for found in refused)
    assert tuning.candidates[-len(refused) :] == tuple(refused)


def test_columns_have_one_row_for_each_legal_candidate(tuning: Tuning) -> None:
    columns = tuning.columns()
    assert {len(values) for values in columns.values()} == {len(tuning.legal)}
    assert columns["total_us"] == sorted(columns["total_us"])


def test_the_heat_map_shows_the_best_of_each_pair(tuning: Tuning) -> None:
    found = tuning.heat_map("m_block", "k_block", "pipelined")
    assert found.mfu.shape == (len(found.y_values), len(found.x_values))
    assert np.nanmax(found.mfu) == max(
        candidate.mfu for candidate in tuning.legal if candidate.kernel == "pipelined"
    )


def test_a_heat_map_is_read_as_numbers_and_shown_as_a_table(tuning: Tuning) -> None:
    found = tuning.heat_map("m_block", "k_block", "pipelined")
    best = f"{100 * np.nanmax(found.mfu):.1f}*"
    title, head, *rows, said = str(found).splitlines()
    assert "across" in title and head.split() == [str(value) for value in found.x_values]
    assert [row.split()[0] for row in rows] == [str(value) for value in found.y_values]
    assert best in " ".join(rows) and "predictions" in said
    page = found._repr_html_()
    assert page.count("<td") == found.mfu.size and best in page and said in page
    assert page.count("currentColor 40%") == 1
    assert "<b>" not in found._replace(x="<b>")._repr_html_()


def test_a_heat_map_of_choices_that_no_kernel_has_is_a_sentence(tuning: Tuning) -> None:
    with pytest.raises(ValueError, match="both m_block and colour; there are k_block, m_block"):
        tuning.heat_map("m_block", "colour")


def test_an_executor_gives_the_same_table(tuning: Tuning) -> None:
    with ThreadPoolExecutor(1) as executor:
        assert tune(LADDER, SHAPES, chip="trn3", executor=executor, blocks=(1, 2, 4)) == tuning


def test_progress_is_told_after_each_candidate_and_can_stop_the_rest(tuning: Tuning) -> None:
    told: list[tuple[int, int]] = []
    family = {"tiled": LADDER["tiled"], "hoisted": LADDER["hoisted"]}
    found = tune(family, SHAPES, blocks=(1, 2), progress=lambda *done: told.append(done))
    total = len(found.candidates)
    assert told == [(done, total) for done in range(1, total + 1)]

    def enough(done: int, _total: int) -> None:
        told.append((done, 0))
        if done == 2:
            raise KeyboardInterrupt

    told.clear()
    with ThreadPoolExecutor(1) as executor, pytest.raises(KeyboardInterrupt):
        tune(LADDER, SHAPES, executor=executor, blocks=(1, 2, 4), progress=enough)
    assert told == [(1, 0), (2, 0)]


def test_an_executor_of_dask_gives_the_same_table() -> None:
    distributed = pytest.importorskip("distributed")
    small = shape((512, 512), "bfloat16")
    family = {name: LADDER[name] for name in ("tiled", "hoisted", "pipelined")}
    with (
        distributed.LocalCluster(processes=False, n_workers=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        spread = tune(family, (small, small), executor=client.get_executor(), blocks=(1, 2))
    assert spread == tune(family, (small, small), blocks=(1, 2))
    assert len(spread.legal) > 10


def test_a_kernel_without_an_address_is_refused_for_other_processes() -> None:
    family = {"mine": Rung(lambda lhsT, rhs: None, "not importable", {})}
    with ThreadPoolExecutor(1) as executor, pytest.raises(ValueError, match="leave out executor"):
        tune(family, SHAPES, executor=executor)


def test_a_family_without_a_legal_candidate_says_so() -> None:
    odd = shape((100, 100), "bfloat16")
    with pytest.raises(ValueError, match="no candidate is legal"):
        _ = tune({"tiled": LADDER["tiled"]}, (odd, odd)).best


@pytest.mark.slow
def test_200_candidates_of_a_large_product_take_20_s_of_two_cores() -> None:
    large = shape((2048, 2048), "bfloat16")
    begin = time.process_time()
    found = tune(LADDER, (large, large), blocks=(1, 4, 16))
    used_s = time.process_time() - begin  # of one core
    assert len(found.legal) > 40
    assert 200 * used_s / len(found.legal) / 2 < 20


@pytest.mark.slow
def test_a_process_pool_gives_the_same_table(tuning: Tuning) -> None:
    with ProcessPoolExecutor(2) as executor:
        assert tune(LADDER, SHAPES, chip="trn3", executor=executor, blocks=(1, 2, 4)) == tuning
