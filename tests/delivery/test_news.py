"""What is new comes from the changelog, the last entry of the newest version first."""

from trnlab.serve.news import CHANGELOG, Entry, news

TEXT = """# Changelog

- [NEW] not an entry of a version

## 0.2.0

- [NEW] One `thing`.
- [FIX] Another
  on two lines.
- [MODEL] 3 became 4.

## 0.1.0

- [NEW] Old.
"""


def test_the_newest_version_last_entry_first(tmp_path):
    page = tmp_path / "CHANGELOG.md"
    page.write_text(TEXT)
    assert news(page=page) == [
        Entry("MODEL", "3 became 4."),
        Entry("FIX", "Another on two lines."),
        Entry("NEW", "One thing."),
    ]
    assert news(limit=1, page=page) == [Entry("MODEL", "3 became 4.")]


def test_without_a_changelog_there_is_no_news(tmp_path):
    assert news(page=tmp_path / "nothing.md") == []


def test_the_changelog_has_news():
    assert news() and all(entry.text for entry in news(100, CHANGELOG))
