"""What is printed is what summary.json and `rebench compare` say."""

import csv
import html.parser
import re

import pytest
from report_runs import HOSTILE, SETTINGS

from rebench.comparing import compare_folders
from rebench.report.latex_table import latex_table
from rebench.report.sections import sections_of
from rebench.report.sections.headline import headline
from rebench.stats.verdicts import points

pytestmark = pytest.mark.slow  # together they take seconds


class Page(html.parser.HTMLParser):
    """The cells of every table by its id, and all texts."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.texts, self.ids, self.addresses = {}, [], [], []
        self.table = self.cell = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.addresses += [given[key] for key in ("src", "href", "xlink:href") if key in given]
        if tag == "figure" and given.get("class") == "table":
            self.table = self.tables.setdefault(given["id"], [])
        elif tag == "tr" and self.table is not None:
            self.table.append([])
        elif tag in ("td", "th") and self.table is not None:
            self.cell = []

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.table[-1].append(" ".join(self.cell))
            self.cell = None
        elif tag == "figure":
            self.table = None

    def handle_data(self, data):
        if self.cell is not None and data.strip():
            self.cell.append(data.strip())
        self.texts.append(data)


@pytest.fixture(scope="module")
def page(written):
    return Page((written / "report.html").read_text("utf-8"))


def printed(estimate):
    value, low, high = (f"{100 * estimate[key]:.1f}" for key in ("value", "low", "high"))
    return value, f"[{low}, {high}]"


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("metric", ["oiou", "miou", "pr50", "pr70", "pr90"])
def test_scores_are_those_of_the_summaries_in_every_format(report, written, page, metric):
    chapter = report.chapters[0]
    rows = read_csv(written / f"csv/boxes-test-{metric}.csv")
    shown = {row[0]: row[1:] for row in page.tables[f"boxes-test-{metric}"] if row}
    section = headline(chapter)
    table = next(t for t in section.tables + section.more if t.name == f"boxes-test-{metric}")
    tex = latex_table(table)
    text = (written / "report.md").read_text("utf-8")
    for place, entry in enumerate(chapter.entries):
        cells = [entry.summary["overall"][metric]]
        cells += [entry.summary["groups"][group][metric] for group in chapter.groups[1:]]
        told = [printed(cell) for cell in cells]
        assert shown[entry.name] == [f"{value} {ends}" for value, ends in told]
        numbers = [value for key, value in rows[place].items() if key not in ("group", "model", "notes")]
        for value, ends in told:
            assert value in numbers
            assert set(re.findall(r"-?[\d.]+", ends)) <= set(numbers)
            low, high = re.findall(r"-?[\d.]+", ends)
            assert rf"[{low}, {high}]" in tex
            assert value in tex
            assert f"\\[{low}, {high}\\]" in text


def test_differences_are_those_of_compare(runs, report, page):
    panel = compare_folders(runs, None, SETTINGS).panel
    chapter = report.chapters[0]
    for metric in ("oiou", "miou"):
        shown = {tuple(row[:2]): row[2:] for row in page.tables[f"boxes-test-differences-{metric}"]}
        for d in panel.differences:
            if d.metric == metric:
                place = chapter.groups.index(d.group)
                value, ends = shown[d.a, d.b][place].split(" ", 1)
                assert value.lstrip("+") == points(d.estimate)
                assert ends.replace("+", "") == f"[{points(d.low)}, {points(d.high)}]"


def test_every_test_is_told_with_its_p_and_effect(runs, page):
    panel = compare_folders(runs, None, SETTINGS).panel
    rows = page.tables["boxes-test-tests"][1:]
    assert len(rows) == len(panel.differences)
    for row, d in zip(rows, panel.differences, strict=True):
        assert row[6] == ("<0.001" if d.p_adjusted < 0.001 else f"{d.p_adjusted:.3f}")
        assert row[7] == (f"{d.effect:.2f}" if d.effect == d.effect else "–")


def test_outcomes_and_identity_are_those_of_the_summaries(report, page):
    chapter = report.chapters[0]
    shown = {row[0]: row[1:] for row in page.tables["boxes-test-identity"] if row}
    for entry in chapter.entries:
        found = entry.summary["identity"]["overall"]["accuracy"]
        assert shown[entry.name][0] == " ".join(printed(found))
    header, *rows = page.tables["boxes-test-outcomes"]
    by = {(row[0], row[1]): dict(zip(header, row, strict=True)) for row in rows}
    for entry in chapter.entries:
        share = entry.summary["identity"]["overall"]["outcomes"]["wrong_instance"]["share"]
        assert by["overall", entry.name]["wrong instance"] == " ".join(printed(share))


def test_the_forest_plot_has_the_numbers_of_the_table(report):
    figure = next(f for s in sections_of(report.chapters[0]) for f in s.figures if f.name.endswith("forest"))
    from rebench.report.figures.style import PAPER

    drawn = figure.draw(PAPER)
    first = report.chapters[0].entries[0].name
    panel = report.chapters[0].panel
    wanted = sorted(
        round(100 * (d.estimate if d.a == first else -d.estimate), 6)
        for d in panel.differences
        if first in (d.a, d.b) and d.metric == "oiou"
    )
    ax = drawn.axes[0]
    points_drawn = sorted(
        round(float(line.get_xdata()[0]), 6) for line in ax.lines if line.get_marker() in ("^", "v", "s", "o")
    )
    assert points_drawn == wanted


def test_the_histogram_holds_every_expression(report):
    for entry in report.chapters[0].entries:
        assert sum(entry.spread.shares) == pytest.approx(1)
        assert entry.spread.mean == pytest.approx(entry.summary["overall"]["miou"]["value"])


def test_hostile_names_and_sentences_are_text(written, page):
    raw = (written / "report.html").read_text("utf-8")
    assert "<script>alert(1)" not in raw
    assert "<b>next to" not in raw
    assert any(HOSTILE in text for text in page.texts)
    assert any("\U0001f600" in text for text in page.texts)
    assert any("הקופסה" in text for text in page.texts)
    assert "<script>alert" not in (written / "report.md").read_text("utf-8")
    for path in (written / "csv").iterdir():
        rows = csv.reader(path.read_text("utf-8").splitlines())
        assert not any(cell.startswith(("=", "@")) for row in rows for cell in row)


def test_the_page_asks_for_nothing_outside_itself(page, written):
    inside = ("#", "data:image/jpeg;base64,")
    assert page.addresses
    assert [address for address in page.addresses if not address.startswith(inside)] == []
    raw = (written / "report.html").read_text("utf-8")
    assert not re.search(r"url\(\s*['\"]?(?!#)", raw)
    assert "@import" not in raw
    assert "default-src &#39;none&#39;" in raw or "default-src 'none'" in raw


def test_links_lead_to_places_and_places_are_unique(page):
    assert len(page.ids) == len(set(page.ids))
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.ids)


def all_tables(report):
    sections = [section for chapter in report.chapters for section in sections_of(chapter)]
    return [table for section in sections for table in section.tables + section.more]


def test_every_format_prints_every_cell_of_every_table(report, written, page):
    text = (written / "report.md").read_text("utf-8")
    for table in all_tables(report):
        rows = [row for panel in table.panels for row in panel.rows]
        shown = [row for row in page.tables[table.name] if row][-len(rows) :]
        told = read_csv(written / f"csv/{table.name}.csv")
        tex = latex_table(table)
        for row, cells, line in zip(rows, shown, told, strict=True):
            for cell, printed_cell in zip(row.cells, cells, strict=True):
                ends = [f"[{', '.join(cell.interval)}]"] if cell.interval else []
                wanted = " ".join([cell.text, *ends]).strip()
                assert printed_cell in ((wanted,) if wanted else ("", "–"))
                if cell.value is not None:
                    assert cell.text in line.values()
                    assert cell.text.replace("<", r"\textless{}") in tex
                    assert cell.text.replace("<", "&lt;") in text


def test_sizes_consistency_and_slices_are_those_of_the_summaries(report, page):
    chapter = report.chapters[0]
    sizes = {row[0]: row for row in page.tables["boxes-test-sizes-miou"] if row}
    several = {row[0]: row for row in page.tables["boxes-test-consistency"] if row}
    header, *rows = page.tables["boxes-test-slices"]
    for entry in chapter.entries:
        summary = entry.summary
        assert sizes[entry.name][1] == " ".join(printed(summary["sizes"]["coco"]["small"]["miou"]))
        assert sizes[entry.name][-1] == " ".join(printed(summary["edges"]["overall"]["biou"]))
        worst = summary["consistency"]["several"]["worst_iou"]
        assert several[entry.name][3] == " ".join(printed(worst))
        place = header.index(entry.name)
        for row in rows:
            cell = summary["slices"]["slices"][row[0]]["values"][row[1]]
            assert row[2] == f"{cell['n']:,}"
            assert row[place] == " ".join(printed(cell["miou"]))
