"""Runs that a dashboard keeps."""

from types import SimpleNamespace

from widgets.dashboard.recent import MAX_ROWS, Recent


def of(rows):
    return SimpleNamespace(timeline=SimpleNamespace(rows=rows))


def test_what_was_asked_for_lately_is_not_made_again():
    recent = Recent()
    first = recent.run("a", lambda: of(100))
    recent.run("b", lambda: of(100))
    assert recent.run("a", lambda: of(100)) is first


def test_the_oldest_run_goes_first_when_there_is_no_room():
    recent = Recent()
    half = MAX_ROWS // 2
    kept = {name: recent.run(name, lambda: of(half)) for name in "ab"}
    recent.run("a", lambda: of(half))
    recent.run("c", lambda: of(half))
    assert recent.run("a", lambda: of(half)) is kept["a"]
    assert recent.run("b", lambda: of(half)) is not kept["b"]


def test_a_run_larger_than_the_room_is_kept_alone():
    recent = Recent()
    large = recent.run("large", lambda: of(2 * MAX_ROWS))
    assert recent.run("large", lambda: of(1)) is large
    small = recent.run("small", lambda: of(1))
    assert recent.run("small", lambda: of(1)) is small
    assert recent.run("large", lambda: of(1)) is not large


def test_what_is_refused_leaves_the_others():
    recent = Recent()
    kept = recent.run("a", lambda: of(1))

    def refused():
        raise ValueError("no")

    try:
        recent.run("b", refused)
    except ValueError:
        pass
    assert recent.run("a", lambda: of(1)) is kept
