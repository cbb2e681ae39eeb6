"""Work for idle times: what runs when, and that garbage is looked for again."""

import asyncio
import gc

import pytest

from widgets.dashboard import idle
from widgets.dashboard.idle import Idle


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(idle, "QUIET_S", 0.01)
    monkeypatch.setattr(idle, "BREATH_S", 0.001)


def in_a_loop(work):
    """Run `work(idle, did)` in a loop; wait until it is quiet; what was done, in order."""
    did: list[str] = []

    async def main():
        jobs = Idle()
        work(jobs, did)
        await asyncio.sleep(0.2)

    asyncio.run(main())
    return did


def test_without_a_loop_jobs_are_done_at_once():
    did = []
    Idle().later(lambda: did.append("a"), lambda: did.append("b"))
    assert did == ["a", "b"]


def test_a_new_list_replaces_what_is_left_of_the_one_before():
    def work(jobs, did):
        jobs.later(lambda: did.append("old"))
        jobs.later(lambda: did.append("new"))

    assert in_a_loop(work) == ["new"]


def test_a_change_that_leads_nowhere_lets_the_jobs_go_on():
    def work(jobs, did):
        jobs.later(lambda: did.append("a"), lambda: did.append("b"))
        jobs.wait()

    assert in_a_loop(work) == ["a", "b"]


def test_garbage_waits_while_a_change_is_answered_and_no_longer():
    seen = []

    def work(jobs, did):
        jobs.wait()
        seen.append(gc.isenabled())
        jobs.later(lambda: did.append("a"))

    in_a_loop(work)
    assert seen == [False]
    assert gc.isenabled()


def test_garbage_is_looked_for_again_after_a_failure():
    in_a_loop(lambda jobs, did: jobs.wait())
    assert gc.isenabled()
