"""Cards of fixed text: the question, prose with computed numbers, the takeaway, notes."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import anywidget
import traitlets

from trnlab.serve import glossary
from widgets.lesson.style import CSS

HERE = Path(__file__).parent


class Card(anywidget.AnyWidget):
    """A titled piece of HTML. A folded card shows its title and opens on a click."""

    _esm = HERE / "card.js"
    _css = CSS

    kind = traitlets.Unicode().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    html = traitlets.Unicode().tag(sync=True)
    folded = traitlets.Bool(False).tag(sync=True)


class Text(Card):
    """Prose whose numbers were computed, without a frame."""

    def __init__(self, html: str) -> None:
        super().__init__(kind="text", html=html)


class Question(Card):
    """The one question of a lesson, and how long the lesson takes."""

    def __init__(self, html: str, minutes: int) -> None:
        length = f"<p class='small'>About {minutes} minutes.</p>"
        super().__init__(kind="question", title="The question", html=f"<p>{html}</p>{length}")


class Takeaway(Card):
    """What a learner should remember next week."""

    def __init__(self, html: str) -> None:
        super().__init__(kind="takeaway", title="Takeaway", html=f"<p>{html}</p>")


class LeavesOut(Card):
    """What the model leaves out, one item each."""

    def __init__(self, items: Sequence[str]) -> None:
        super().__init__(kind="leaves-out", title="What this model leaves out", html=_list(items))


class Reading(Card):
    """Further reading: (title, where to find it, why read it), each in plain text."""

    def __init__(self, sources: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(
            kind="reading",
            title="Further reading",
            html=_list(
                f"<cite>{escape(title)}</cite>, {escape(why)} "
                f"<span class='small'>({escape(where)})</span>"
                for title, where, why in sources
            ),
        )


class Words(Card):
    """The words of a lesson that a newcomer may not know, folded, each linked to the glossary.

    Args:
        terms: terms of the glossary, whose lines are shown; or term -> a line of the lesson's own
    Raises:
        ValueError: a term is given without a line, and the glossary has it not
    """

    def __init__(self, terms: Sequence[str] | Mapping[str, str]) -> None:
        listed = (
            terms
            if isinstance(terms, Mapping)
            else {term: escape(glossary.term(term).short) for term in terms}
        )
        lines = "".join(f"<dt>{_linked(term)}</dt><dd>{line}</dd>" for term, line in listed.items())
        super().__init__(
            kind="words", title="Words in this lesson", folded=True, html=f"<dl>{lines}</dl>"
        )


def _linked(term: str) -> str:
    """A term as a link whose address the page completes; as text if the glossary has it not."""
    entry = glossary.terms().get(term)
    return f'<a class="trn-term" data-anchor="{entry.anchor}">{escape(term)}</a>' if entry else term


class TeacherNotes(Card):
    """For the teacher, folded: what the class can do afterwards, a plan of (minutes, what), the
    misconception, what to ask."""

    def __init__(
        self,
        goals: Sequence[str],
        plan: Sequence[tuple[int, str]],
        misconception: str,
        ask: Sequence[str],
    ) -> None:
        rows = "".join(f"<tr><td>{minutes} min</td><td>{what}</td></tr>" for minutes, what in plan)
        total = sum(minutes for minutes, _ in plan)
        super().__init__(
            kind="teacher",
            title="For the teacher",
            folded=True,
            html=f"<h4>Afterwards everybody can</h4>{_list(goals)}"
            f"<h4>Plan, {total} minutes</h4><table><tbody>{rows}</tbody></table>"
            f"<h4>The common misconception</h4><p>{misconception}</p>"
            f"<h4>Ask the class</h4>{_list(ask)}",
        )


def _list(items) -> str:
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
