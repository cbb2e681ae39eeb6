"""Load a workbench with visitors and print what they saw: `make load`, not part of `make test`.

python -m tests.load --visitors 40 --minutes 10 --apart 2     one comes every two seconds
python -m tests.load --visitors 40 --minutes 2 --apart 0      all come at once
python -m tests.load --visitors 40 --browsers 3               three of them are real browsers
python -m tests.load --openings 1000                          pages opened one after the other
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psutil
from tornado.httpclient import AsyncHTTPClient

from tests.load.browsers import Browsers
from tests.load.visitor import STARTS, Visitor

PAGES = tuple(STARTS)
SAMPLE_S = 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=40)
    parser.add_argument("--browsers", type=int, default=0, help="of the visitors, real ones")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--apart", type=float, default=2.0, help="seconds between arrivals")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between two changes")
    parser.add_argument("--openings", type=int, default=0, help="only open so many pages")
    parser.add_argument("--port", type=int, default=8977)
    options = parser.parse_args()
    AsyncHTTPClient.configure(None, max_clients=2 * options.visitors + 10)
    print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    with _server(options.port) as server:
        run = _openings(options) if options.openings else _visits(options, server)
        asyncio.run(run)


@contextmanager
def _server(port: int) -> Iterator[psutil.Process]:
    command = [sys.executable, "-m", "trnlab", "open", "--no-browser", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout and "listens" in server.stdout.readline()
    try:
        yield psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(60)


async def _visits(options: argparse.Namespace, server: psutil.Process) -> None:
    address, for_s = f"localhost:{options.port}", options.minutes * 60
    visitors = [Visitor(address, PAGES[i % len(PAGES)], i) for i in range(options.visitors)]
    browsers = Browsers(address, options.browsers)
    memory: list[tuple[float, float, float]] = []
    watching = asyncio.create_task(_watch(server, memory))
    idle_s = server.cpu_times()
    began = time.monotonic()
    await asyncio.gather(
        browsers.visit(for_s),
        *(_later(i * options.apart, v, for_s, options.every) for i, v in enumerate(visitors)),
    )
    watching.cancel()
    print(f"load {os.getloadavg()[0]:.1f} at the end of {time.monotonic() - began:.0f} s;", end=" ")
    print(f"server process {server.cpu_times().user - idle_s.user:.0f} s of CPU")
    _report("page complete, s", [v.opened_s for v in visitors if v.opened_s == v.opened_s], 1)
    for page in PAGES:
        answers = [s for v in visitors if v.page == page for s in v.answers_s]
        _report(f"control answered, {page}, ms", answers, 1000)
        work = [v.used_s / len(v.answers_s) for v in visitors if v.page == page and v.answers_s]
        _report(f"CPU of the kernel for each control, {page}, ms", work, 1000)
    _report("control answered, all, ms", [s for v in visitors for s in v.answers_s], 1000)
    browsers.report(_report)
    for at_s, kernels_mib, server_mib in memory[:: max(1, len(memory) // 6)]:
        sizes = f"{kernels_mib:6.0f} MiB in kernels, {server_mib:.0f} in the server"
        print(f"after {at_s - began:5.0f} s: {sizes}")
    faults = [fault for v in visitors for fault in v.faults] + browsers.faults
    print(f"{len(faults)} faults", *faults[:10], sep="\n  ")


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


async def _openings(options: argparse.Namespace) -> None:
    """Open pages, three at a time, each closed at once; none may hang."""
    address = f"localhost:{options.port}"
    left = iter(range(options.openings))
    visitors: list[Visitor] = []

    async def one_after_the_other() -> None:
        for i in left:
            visitors.append(Visitor(address, PAGES[i % len(PAGES)], i))
            await visitors[-1].visit(for_s=0, every_s=0)

    await asyncio.gather(*(one_after_the_other() for _ in range(3)))
    _report("page complete, s", [v.opened_s for v in visitors if v.opened_s == v.opened_s], 1)
    for page in PAGES:
        _report(f"CPU to open {page}, s", [v.cpu_s for v in visitors if v.page == page], 1)
        _report(f"memory of {page}, MiB", [v.mib for v in visitors if v.page == page], 1)
    faults = [fault for v in visitors for fault in v.faults]
    print(f"{len(visitors)} openings, {len(faults)} faults", *faults[:10], sep="\n  ")


def _report(name: str, values: Sequence[float], factor: float) -> None:
    if not values:
        return
    ordered = sorted(factor * value for value in values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(
        f"{name}: {len(ordered)} of them, median {statistics.median(ordered):.2f},"
        f" 95 % {p95:.2f}, largest {ordered[-1]:.2f}"
    )


if __name__ == "__main__":
    main()
