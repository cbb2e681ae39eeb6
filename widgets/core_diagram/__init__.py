"""A NeuronCore as a diagram to click: every part with its numbers, their status and source."""

from widgets.core_diagram.widget import CoreDiagram

__all__ = ["CoreDiagram"]
