"""The style of all lesson parts: the theme, then what is ours."""

from pathlib import Path

from widgets import theme

CSS = theme.css() + (Path(__file__).parent / "lesson.css").read_text(encoding="utf-8")
