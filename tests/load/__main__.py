"""Load a workbench with visitors, print what they saw as a table: `make load`, not a test.

python -m tests.load                       40 visitors, ten minutes, one comes every two seconds
python -m tests.load --apart 0 --minutes 2 --browsers 1     all at once, one more in a browser
python -m tests.load --browsers 1 --hold 60 --minutes 2          one holds a slider for a minute
python -m tests.load --openings 1000       pages opened and left, three at a time

It ends with 1 if a goal is missed, and says which.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from tornado.httpclient import AsyncHTTPClient

from tests.load.browsers import Browsers
from tests.load.report import Row, growth, quantile, table, times
from tests.load.visitor import STARTS, Visitor

PAGES = tuple(STARTS)
SAMPLE_S = 15.0
MOST_MIB = 70  # for each visitor
MOST_GROWTH = 0.05  # of memory, from the first third of a run to its last
SETTLED_S = 20.0  # after the last one came, before memory is compared


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=40)
    parser.add_argument("--browsers", type=int, default=0, help="real ones, besides")
    parser.add_argument("--hold", type=float, default=0, help="seconds; one browser drags a slider")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--apart", type=float, default=2.0, help="seconds between arrivals")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between two changes")
    parser.add_argument("--openings", type=int, default=0, help="only open so many pages")
    parser.add_argument("--port", type=int, default=8977)
    options = parser.parse_args()
    AsyncHTTPClient.configure(None, max_clients=2 * options.visitors + 10)
    print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before", flush=True)
    with _server(options.port) as server:
        run = _openings if options.openings else _visits
        rows, faults = asyncio.run(run(options, server))
    rows.append(Row("faults", f"{len(faults)}", "0", not faults))
    print(f"load {os.getloadavg()[0]:.1f} after", *faults[:10], sep="\n  ")
    print(table(rows))
    return 0 if all(row.is_met for row in rows) else 1


@contextmanager
def _server(port: int) -> Iterator[psutil.Process]:
    command = [sys.executable, "-m", "trnlab", "open", "--no-browser", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = server.stdout.readline() if server.stdout else ""
    if "listens" not in said:
        raise SystemExit(f"the server did not start: {said}")
    try:
        yield psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(60)


# Visitors who stay


async def _visits(
    options: argparse.Namespace, server: psutil.Process
) -> tuple[list[Row], list[str]]:
    address, for_s = f"localhost:{options.port}", options.minutes * 60
    visitors = [Visitor(address, PAGES[i % len(PAGES)], i) for i in range(options.visitors)]
    browsers = Browsers(address, options.browsers, options.hold)
    memory: list[tuple[float, float, float]] = []
    watching = asyncio.create_task(_watch(server, memory))
    idle_s = server.cpu_times().user
    began = time.monotonic()
    await asyncio.gather(
        browsers.visit(for_s),
        *(_later(i * options.apart, v, for_s, options.every) for i, v in enumerate(visitors)),
    )
    watching.cancel()
    ran_s = time.monotonic() - began
    used_s = server.cpu_times().user - idle_s
    stayed_s = (options.apart * options.visitors + SETTLED_S, for_s)  # when all are there
    all_there = [(k, s) for at_s, k, s in memory if stayed_s[0] < at_s - began < stayed_s[1]]
    rows = _seen(visitors, browsers, is_rush=not options.apart)
    rows += _memory(all_there, options.visitors + options.browsers)
    rows.append(Row("CPU of the server process", f"{used_s / ran_s:.0%} of one core"))
    faults = [fault for visitor in visitors for fault in visitor.faults]
    return rows, faults + browsers.faults


def _seen(visitors: list[Visitor], browsers: Browsers, is_rush: bool) -> list[Row]:
    """Times that visitors waited, against the goals; what a control costs."""
    opened = [v.opened_s for v in visitors if v.opened_s == v.opened_s]
    goal = {"last": 60.0} if is_rush else {"at_95": 5.0}
    rows = times("page complete", opened, **goal)
    rows += times("the same in a browser, widgets drawn", browsers.ready_s, **goal)
    answers = [s for v in visitors for s in v.answers_s]
    rows += times("control answered", answers, "ms", at_95=300)
    rows += times("browser, control to picture", browsers.picture_s, "ms", at_95=300)
    held = f"slider held {browsers.hold_s:g} s"
    rows += times(f"{held}, between two pictures", browsers.gaps_s, "ms", at_95=300)
    rows += times(f"{held}, let go to last picture", browsers.settled_s, "ms", last=1000)
    for page in PAGES:
        used = [v.used_s / len(v.answers_s) for v in visitors if v.page == page and v.answers_s]
        if used:
            cost = f"{1000 * quantile(used, 0.5):.0f} ms"
            rows.append(Row(f"CPU of a kernel for each control, {page}", cost))
    return rows


def _memory(samples: list[tuple[float, float]], visitors: int) -> list[Row]:
    """What the visitors take while all are there, and whether it grows."""
    if not samples:
        return []
    kernels, servers = (quantile([s[i] for s in samples], 0.95) for i in (0, 1))
    each = (kernels + servers) / visitors
    sizes = f"{kernels:,.0f} MiB in kernels, {servers:,.0f} in the server"
    rows = [
        Row("memory, 95 %", sizes),
        Row("memory for each visitor", f"{each:.0f} MiB", f"{MOST_MIB} MiB", each <= MOST_MIB),
    ]
    if len(samples) >= 9:
        grown = growth([k + s for k, s in samples])
        what = f"memory, last third of {len(samples) * SAMPLE_S / 60:.0f} minutes against the first"
        rows.append(Row(what, f"{grown:+.1%}", f"+{MOST_GROWTH:.0%}", grown <= MOST_GROWTH))
    return rows


async def _later(wait_s: float, visitor: Visitor, for_s: float, every_s: float) -> None:
    await asyncio.sleep(wait_s)
    await visitor.visit(for_s, every_s)


async def _watch(server: psutil.Process, memory: list[tuple[float, float, float]]) -> None:
    """Proportional memory of the kernels and of the server, now and then."""
    while True:
        await asyncio.sleep(SAMPLE_S)
        kernels = [_mib(child) for child in server.children(recursive=True)]
        memory.append((time.monotonic(), sum(kernels), _mib(server)))


def _mib(process: psutil.Process) -> float:
    try:
        return process.memory_full_info().pss / 2**20
    except psutil.Error:
        return 0.0


# Visitors who leave at once


async def _openings(
    options: argparse.Namespace, server: psutil.Process
) -> tuple[list[Row], list[str]]:
    address = f"localhost:{options.port}"
    left = iter(range(options.openings))
    visitors: list[Visitor] = []
    sizes: list[float] = []

    async def one_after_the_other() -> None:
        for i in left:
            visitor = Visitor(address, PAGES[i % len(PAGES)], i)
            await visitor.visit(for_s=0, every_s=0)
            visitors.append(visitor)
            if len(visitors) % 50 == 0:
                sizes.append(_mib(server))
                print(f"{len(visitors)} pages, server {sizes[-1]:.0f} MiB", flush=True)

    await asyncio.gather(*(one_after_the_other() for _ in range(3)))
    rows = times("page complete", [v.opened_s for v in visitors if v.opened_s == v.opened_s])
    for page in PAGES:
        those = [v for v in visitors if v.page == page and v.cpu_s == v.cpu_s]
        rows += times(f"CPU to open {page}", [v.cpu_s for v in those])
        sizes_mib = [v.mib for v in those]
        if sizes_mib:
            rows.append(Row(f"memory of {page}, 95 %", f"{quantile(sizes_mib, 0.95):.0f} MiB"))
    await asyncio.sleep(5)  # for the last kernels to end
    staying = len(server.children(recursive=True))
    rows.append(Row("kernels that stayed", f"{staying}", "0", not staying))
    if len(sizes) > 1:
        each_kib = 1024 * (sizes[-1] - sizes[0]) / (50 * (len(sizes) - 1))
        what = "the server grew, from the 50th page on"
        rows.append(Row(what, f"{sizes[0]:.0f} to {sizes[-1]:.0f} MiB, {each_kib:.0f} KiB a page"))
    return rows, [fault for visitor in visitors for fault in visitor.faults]


if __name__ == "__main__":
    sys.exit(main())
