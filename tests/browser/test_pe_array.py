"""The array in a browser: the same cycle, the same counts and the same sums as in Python."""

from pathlib import Path

import numpy as np
import pytest

from widgets import pe_array
from widgets.pe_array import PeArray, Wave
from widgets.pe_array.widget import MOVING, STATIONARY

FOLDER = Path(pe_array.__file__).parent


@pytest.fixture
def page(open_page, lesson):
    page = open_page(lesson("01_neuroncore"))
    page.locator(".trn-card-teacher").wait_for()
    return page


def wave_of(page, rows=128):
    """The wave that the fields on the page describe."""
    field = {
        name: int(page.locator(".pe").get_by_label(name, exact=True).input_value())
        for name in ("K", "M", "N", "Matmuls")
    }
    return Wave(
        rows=rows,
        columns=rows,
        k=field["K"],
        m=field["M"],
        n=field["N"],
        matmuls=field["Matmuls"],
        load_speedup=PeArray().machine["load_speedup"],
        min_interval_cycles=PeArray().machine["min_interval_cycles"],
    )


def shown(page):
    section = page.locator("section.pe")
    return int(section.get_attribute("data-cycle")), int(section.get_attribute("data-active"))


def go_to(page, cycle):
    page.get_by_role("slider", name="Cycle").fill(str(cycle))


def press(page, name):
    page.locator(".pe").get_by_role("button", name=name, exact=True).click()


def test_the_script_computes_what_python_computes(chromium):
    rng = np.random.default_rng(7)
    page = chromium.new_page()
    page.evaluate((FOLDER / "wave.js").read_text() + "; globalThis.makeWave = makeWave; 0")
    for _ in range(40):
        rows, columns = (int(side) for side in rng.integers(1, 129, 2))
        wave = Wave(
            rows=rows,
            columns=columns,
            k=int(rng.integers(1, rows + 1)),
            m=int(rng.integers(1, columns + 1)),
            n=int(rng.integers(1, 513)),
            matmuls=int(rng.integers(1, 5)),
            load_speedup=int(rng.integers(1, 5)),
            min_interval_cycles=int(rng.integers(1, 65)),
        )
        probes = [
            [int(cycle), int(rng.integers(rows)), int(rng.integers(columns))]
            for cycle in rng.integers(0, wave.total_cycles, 30)
        ]
        assert page.evaluate(PROBE, [vars(wave), probes]) == [
            [
                wave.active(cycle),
                wave.work(cycle),
                wave.results(column, cycle),
                wave.weight_column(column, cycle),
                list(found) if (found := wave.moving_column(row, column, cycle)) else None,
                wave.total_cycles,
            ]
            for cycle, row, column in probes
        ]
    page.close()


PROBE = """([w, probes]) => {
  const wave = makeWave({
    ...w, loadSpeedup: w.load_speedup, minInterval: w.min_interval_cycles,
  });
  return probes.map(([cycle, row, column]) => [
    wave.active(cycle), wave.work(cycle), wave.results(column, cycle),
    wave.weightColumn(column, cycle), wave.movingColumn(row, column, cycle), wave.total,
  ]);
}"""


def test_stepping_forward_and_back_shows_the_active_elements(page):
    wave = wave_of(page)
    go_to(page, 30)
    for cycle in (31, 32, 33):
        press(page, "Step one cycle")
        assert shown(page) == (cycle, wave.active(cycle))
    press(page, "Step back one cycle")
    assert shown(page) == (32, wave.active(32) == 1)


def test_the_canvas_paints_the_active_elements(page):
    wave = wave_of(page)
    box = page.locator(".pe canvas").bounding_box()
    page.locator(".pe canvas").click(position={"x": box["width"] - 8, "y": box["height"] - 45})
    for cycle in (40, 150, 600):
        go_to(page, cycle)
        painted = page.evaluate(PAINTED, AWAY)
        assert painted == sum(
            wave.moving_column(row, column, cycle) is not None
            for row in range(AWAY)
            for column in range(AWAY)
        )


AWAY = 120  # rows and columns that the frame of the lens, moved to the far corner, leaves free
PAINTED = """(side) => {
  const canvas = document.querySelector(".pe canvas");
  const ink = document.createElement("span");
  ink.style.color = "var(--trn-tensor)";
  document.body.append(ink);
  const [r, g, b] = getComputedStyle(ink).color.match(/\\d+/g).map(Number);
  ink.remove();
  const strip = 36, cell = Math.floor((canvas.clientWidth - strip) / 128);
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const x = strip + column * cell + (cell >> 1), y = row * cell + (cell >> 1);
      const at = 4 * (y * canvas.width + x);
      count += data[at] === r && data[at + 1] === g && data[at + 2] === b;
    }
  }
  return count;
}"""


def test_sums_in_the_lens_and_in_psum_are_those_of_the_product(page):
    press(page, "By hand: 4 × 4")
    product = np.array(STATIONARY)[:, :4].T @ np.array(MOVING)
    wave = wave_of(page, rows=4)
    go_to(page, 5)
    cells = page.locator(".pe-lens-grid td.pe-cell")
    for row in range(4):
        for column in range(4):
            found = wave.moving_column(row, column, 5)
            if found is None:
                continue
            weights = np.array(STATIONARY)[: row + 1, column]
            total = int(weights @ np.array(MOVING)[: row + 1, found[1]])
            assert cells.nth(4 * row + column).inner_text().endswith(f"= {total}")
    go_to(page, wave.total_cycles - 1)
    rows = [row.split() for row in page.locator(".pe-results tbody").inner_text().splitlines()]
    assert [[int(value) for value in row[2:]] for row in rows] == product.tolist()


def test_a_small_k_leaves_rows_idle_and_saves_no_time(page):
    cost = page.locator(".pe-counters div", has_text="Cost of one matmul")
    before = cost.inner_text()
    press(page, "K = 32")
    page.locator(".pe-why", has_text="leaves 96 rows of the array idle: at most 25.0 %").wait_for()
    assert cost.inner_text() == before
    go_to(page, 300)
    assert shown(page) == (300, wave_of(page).active(300))


def test_loads_hide_behind_the_running_matmul(page):
    press(page, "Four in a row")
    page.locator(".pe-why", has_text="4 matmuls start within 2,080 cycles").wait_for()
    wave = wave_of(page)
    assert wave.load_cycles + 4 * wave.pitch_cycles == 2080
    go_to(page, 1000)
    assert shown(page) == (1000, 128 * 128)


def test_a_shape_that_does_not_fit_is_explained_and_the_picture_stays(page):
    field = page.locator(".pe").get_by_label("K", exact=True)
    before = page.locator(".pe-counters").inner_text()
    field.fill("129")
    field.press("Enter")
    page.locator(".pe-problem", has_text="K = 129: a whole number from 1 to 128").wait_for()
    assert page.locator(".pe-counters").inner_text() == before
    field.fill("64")
    field.press("Enter")
    page.locator(".pe-why", has_text="K = 64 leaves 64 rows").wait_for()
    assert page.locator(".pe-problem").inner_text() == ""


def test_keys_step_jump_and_move_the_lens(page):
    page.locator(".pe").get_by_role("button", name="Next event").focus()
    page.keyboard.press("ArrowRight")
    assert shown(page)[0] == 1
    page.keyboard.press("n")
    assert shown(page)[0] == wave_of(page).load_cycles
    page.keyboard.press("End")
    assert shown(page)[0] == wave_of(page).total_cycles - 1
    page.keyboard.press("Home")
    assert shown(page)[0] == 0
    page.locator(".pe canvas").focus()
    page.keyboard.press("ArrowDown")
    page.locator(".pe-lens-grid caption", has_text="Rows 1 to 4, columns 0 to 3").wait_for()


def test_play_runs_until_it_is_paused(page):
    press(page, "Play")
    while shown(page)[0] < 20:
        page.wait_for_timeout(50)
    press(page, "Pause")
    at = shown(page)[0]
    page.wait_for_timeout(200)
    assert shown(page)[0] == at
    said = page.locator(".pe-live").inner_text()
    assert said.startswith(f"Cycle {at}: ")


def test_reduced_motion_moves_from_event_to_event(open_page, lesson):
    page = open_page(lesson("01_neuroncore"), reduced_motion="reduce")
    page.locator(".trn-card-teacher").wait_for()
    press(page, "Play")
    assert shown(page)[0] == wave_of(page).load_cycles
    page.wait_for_timeout(200)
    assert shown(page)[0] == wave_of(page).load_cycles
