"""The model against published measurements: our own kernels, AWS's figures, one table."""

from trnlab.validation.report import main, page, text, validate
from trnlab.validation.table import Row

__all__ = ["Row", "main", "page", "text", "validate"]
