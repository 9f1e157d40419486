"""Names that others chose come out as text in every format, and the table model counts its letters."""

import csv
import io
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebench.report import escape
from rebench.report.formats import FORMATS, format_of
from rebench.report.table import Cell, Column, Panel, Row, Table

HOSTILE = (
    "<script>alert(1)</script> & 50%_$x$",
    "\"quoted\" 'single' ``ticks'' -- ~^{}\\",
    "emoji 🙂 and 👩‍🚀",
    "שלום עולם and مرحبا",
    "=cmd|'/c calc'!A1",
    "@SUM(1)",
    "-2+3",
    "a|b `code` *bold* [link](x)",
    "two\nlines\tand \x00\x1b\u202e controls",
    "\\input{x}\\end{table}%",
)


def table(*names):
    columns = (Column(("", "Method"), numeric=False), Column(("R&D", "oIoU")), Column(("R&D", "mIoU")))
    rows = [
        Row((Cell(name, notes=("first", f"of {name}")), Cell("65.1", 65.1, ("63.0", "67.2"), "best"), Cell()))
        for name in names
    ]
    return Table("names", "Names", (Panel(columns, tuple(rows)),))


@pytest.mark.parametrize("name", HOSTILE)
def test_csv_reads_back_and_runs_no_formula(name):
    (row,) = csv.DictReader(io.StringIO(FORMATS["csv"](table(name)), newline=""))
    assert row["Method"].removeprefix("'") == escape.plain(name)
    assert not row["Method"].startswith(("=", "+", "-", "@"))
    assert (row["R&D oIoU"], row["R&D oIoU low"], row["R&D oIoU mark"]) == ("65.1", "63.0", "best")


@given(st.text())
def test_no_text_starts_a_formula_or_leaves_its_cell(name):
    assert not escape.csv(name).startswith(("=", "@")) or not name
    assert escape.csv("-1.60") == "-1.60"
    line = escape.plain(name)
    assert "\n" not in line
    assert "<" not in escape.markdown(name)
    assert not re.search(r"(?<!\\)(\\\\)*\|", escape.markdown(name).replace(r"\|", ""))
    special = re.sub(
        r"\\[a-zA-Z]+(\{\})?|\\[&%$#_{}]|\\rebenchchar\{.\}\{[0-9A-F]+\}", "", escape.latex(name)
    )
    assert not set("&%$#_^~\\") & set(special)
    line.encode()  # no half of a character


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_has_one_row_of_as_many_cells(name):
    lines = [line for line in FORMATS["markdown"](table(name)).splitlines() if line.startswith("|")]
    assert [len(re.split(r"(?<!\\)\|", line)) for line in lines] == [5, 5, 5]
    assert "<script" not in "".join(lines)


def test_one_note_has_one_letter():
    done = table("x", "y")
    assert done.footnotes == {"first": "a", "of x": "b", "of y": "c"}
    assert [done.letters(row.cells[0]) for row in done.panels[0].rows] == ["a,b", "a,c"]
    many = Table(
        "m", "", (Panel((Column(("n",)),), tuple(Row((Cell("1", notes=(str(i),)),)) for i in range(28))),)
    )
    assert list(many.footnotes.values())[-3:] == ["z", "aa", "ab"]


def test_headings_are_shared_by_neighbours_of_one_path():
    columns = [Column(("oIoU", d, "val")) for d in ("A", "B")] + [Column(("mIoU", "B", "val"))]
    levels = Panel(tuple(columns), ()).headings
    assert [[(span.text, span.width) for span in level] for level in levels] == [
        [("oIoU", 2), ("mIoU", 1)],
        [("A", 1), ("B", 1), ("B", 1)],
        [("val", 1), ("val", 1), ("val", 1)],
    ]


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="as many cells"):
        Panel((Column(("a",)),), (Row((Cell(), Cell())),))
    with pytest.raises(ValueError, match="as many headings"):
        Panel((Column(("a",)), Column(("a", "b"))), ())


def test_the_format_is_given_or_told_by_the_file():
    assert format_of(None, "x/y.TEX") == "latex"
    assert format_of("csv", "y.md") == "csv"


def test_a_screen_shows_every_number_however_narrow():
    from rich.console import Console

    from rebench.report.rich_table import rich_table

    columns = tuple(Column(("oIoU", f"split {n}")) for n in range(12))
    cells = tuple(Cell(f"{n}.25", interval=(f"{n}.1", f"{n}.4")) for n in range(12))
    name = Column(("", "Method"), numeric=False)
    wide = Table("w", "Wide", (Panel((name, *columns), (Row((Cell(HOSTILE[0]), *cells)),)),))
    console = Console(width=60, record=True, file=io.StringIO())
    for part in rich_table(wide, 60):
        console.print(part)
    shown = console.export_text()
    assert all(cell.text in shown and "[{}, {}]".format(*cell.interval) in shown for cell in cells)


def test_latex_prints_a_minus_before_numbers_and_a_hyphen_in_names():
    columns = (Column(("Method",), numeric=False), Column(("lead",)))
    row = Row((Cell("-x"), Cell("-4.1", -4.1, ("-9.0", "+1.1"), "best")))
    tex = FORMATS["latex"](Table("signed", "Signed", (Panel(columns, (row,)),)))
    assert r"-x & \textbf{\rebenchnum{-4.1}} \\" in tex
    assert r"[\rebenchnum{-9.0}, +1.1]" in tex
    assert r"\def\rebenchsign-" in tex
    assert "rebenchnum" not in FORMATS["latex"](table("plain"))


def test_without_intervals_no_format_speaks_of_them():
    caption = (
        "oIoU, in percent, with 95 % intervals from resampling images. Rows: 95 % intervals over images."
    )
    bare = replace(table("a", "b"), caption=caption).without_intervals()
    assert bare.caption == "oIoU, in percent. Rows:."
    for write in FORMATS.values():
        assert "63.0" not in write(bare)
        assert "65.1" in write(bare)
