"""The parts that every lesson shares: a question, a prediction, exercises, a takeaway, notes.

    from widgets import lesson

    lesson.Question("Which part limits the product?", minutes=45)
    lesson.Predict("Your guess?", ["Tensor engine", "DMA engines"], answer="DMA engines",
                   because={"Tensor engine": "It would finish in 213 ns."}, reveal=html)
    lesson.Predict("How many times slower?", answer=5.1, unit="times", reveal=html)
    then = lesson.Then("Then {} columns would enter in a cycle.", 512, power=-1)
    answer = lesson.Number(512, unit="cycles", wrong={128: why, 32: why, 767: late}, then=then)
    lesson.Exercise("2.1", "How many cycles?", answer, hints=[first, second, third], solution=html)
    lesson.Exercise("2.2", "Which part?", lesson.Choice("SBUF", others={"PSUM": why, "HBM": why}),
                    hints=[first, second, third], solution=html)
    lesson.Tour(dashboard, [lesson.Step(text, state, question, expected, hints), ...])
    lesson.amount(2.4e9, "Hz")  # "2.4 GHz", for numbers in prose
    lesson.percent(0.464)  # "46.4 %"
    lesson.Text(html); lesson.Takeaway(html); lesson.LeavesOut([html, ...])
    lesson.Words(["PSUM", "tile"])  # terms of the glossary
    lesson.Reading([("title", "where to find it", "why read it"), ...])
    lesson.TeacherNotes([goal, ...], [(5, "predict"), ...], misconception, [question, ...])

Goes in: HTML written by the lesson's author, with every number already computed. Comes out:
widgets for JupyterLab and Voila. It knows neither the engine nor the chip. What a learner types
is parsed as a number or compared with the choices, and never rendered as HTML.
"""

from widgets.lesson.amounts import amount, percent
from widgets.lesson.answers import Answer, Choice, Number, Then, Verdict
from widgets.lesson.cards import LeavesOut, Question, Reading, Takeaway, TeacherNotes, Text, Words
from widgets.lesson.exercise import Exercise
from widgets.lesson.predict import Predict
from widgets.lesson.tour import Step, Tour

__all__ = [
    "Answer",
    "Choice",
    "Exercise",
    "LeavesOut",
    "Number",
    "Predict",
    "Question",
    "Reading",
    "Step",
    "Takeaway",
    "TeacherNotes",
    "Text",
    "Then",
    "Tour",
    "Verdict",
    "Words",
    "amount",
    "percent",
]
