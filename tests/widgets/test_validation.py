"""The validation page: what it shows is what was generated and what is computed."""

import html

from trnlab.cluster import validation as of_clusters
from trnlab.serve.accuracy import figures
from widgets.lesson import percent
from widgets.validation import clusters, kernels


def test_kernels_say_what_their_rows_say():
    rows = figures()
    text, chart, table = kernels().children
    worst = max(rows, key=lambda row: row.size)
    assert worst.error in text.html
    assert f"{len(rows)} published figures" in text.html
    assert chart.data["figures"]["published"] == [row.published for row in rows]
    assert table.html.count("<tr>") == len(rows) + 1


def test_clusters_show_every_row_with_its_source():
    groups = of_clusters.table()
    text, errors, table = clusters().children
    rows = [row for found in groups.values() for row in found]
    assert f"{len(rows)} published figures" in text.html
    assert table.html.count("<tr>") == len(rows) + 1
    for row in rows:
        assert html.escape(row.workload) in table.html and html.escape(row.source) in table.html
    assert errors.html.count("<tr>") == len(groups) + 1
    for name, found in groups.items():
        sizes = [abs(row.error) for row in found]
        cells = (
            html.escape(name),
            len(found),
            percent(sum(sizes) / len(found)),
            percent(max(sizes)),
        )
        assert "".join(f"<td>{cell}</td>" for cell in cells) in errors.html
