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


def pieces(did, count=3):
    for number in range(count):
        did.append(number)
        yield


def test_long_work_is_done_piece_by_piece_and_what_comes_after_waits_for_it():
    did = in_a_loop(lambda jobs, did: jobs.later(lambda: pieces(did), lambda: did.append("end")))
    assert did == [0, 1, 2, "end"]
    again = []
    Idle().later(lambda: pieces(again), lambda: again.append("end"))  # where no loop runs
    assert again == [0, 1, 2, "end"]


def test_a_change_goes_first_between_two_pieces_of_long_work():
    def work(jobs, did):
        jobs.later(lambda: pieces(did, 1000))
        asyncio.get_running_loop().call_later(0.05, jobs.later, lambda: did.append("new"))

    did = in_a_loop(work)
    assert did[-1] == "new" and 0 < len(did) < 1000


def test_long_work_is_stopped_and_taken_up_again_where_it_was_left():
    def work(jobs, did):
        left = pieces(did, 60)
        loop = asyncio.get_running_loop()
        jobs.later(left)
        loop.call_later(0.03, jobs.stop)
        loop.call_later(0.05, lambda: did.append("stopped"))
        loop.call_later(0.06, jobs.later, left)

    did = in_a_loop(work)
    at = did.index("stopped")
    assert 0 < at < 60 and did[:at] + did[at + 1 :] == list(range(60))
    assert gc.isenabled()
