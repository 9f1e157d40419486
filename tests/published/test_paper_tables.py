"""The tables of the papers: every number of the ledger once, where it belongs, in every format."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from rebench.errors import RebenchError
from rebench.published.ledger import Ledger
from rebench.published.paper_table import DATASETS, METRICS, paper_table
from rebench.published.presets import PRESETS, find
from rebench.report.formats import FORMATS

LEDGER = Ledger.read()
TABLES = {name: paper_table(preset, LEDGER) for name, preset in PRESETS.items()}
RESULTS = {row.id: row for row in LEDGER.results}
COSTS = {row.id: row for row in LEDGER.efficiency}


def numbers(table):
    """Column and cell of every number."""
    return [
        (column, cell)
        for panel in table.panels
        for row in panel.rows
        for column, cell in zip(panel.columns, row.cells, strict=True)
        if column.numeric and cell.text
    ]


def of(preset, rows):
    return [row for row in rows.values() if (row.paper, row.table) == (preset.paper, preset.table)]


@pytest.mark.parametrize("name", PRESETS)
def test_every_number_of_the_ledger_is_there_once_and_no_other(name):
    shown = [cell.source for _, cell in numbers(TABLES[name])]
    results = sorted(source for source in shown if source in RESULTS)
    assert results == sorted(row.id for row in of(PRESETS[name], RESULTS))
    costs = {source for source in shown if source in COSTS}
    assert costs == {row.id for row in of(PRESETS[name], COSTS)}
    assert costs | set(results) == set(shown)


@pytest.mark.parametrize("name", PRESETS)
def test_a_number_is_as_printed_or_corrected_with_a_footnote(name):
    changed = {row for c in LEDGER.corrections if c.field in ("value", "split") for row in c.rows}
    for _, cell in numbers(TABLES[name]):
        row = RESULTS.get(cell.source) or COSTS[cell.source]
        if row.id in changed:
            assert any(note.startswith(f"printed {row.printed}") for note in cell.notes)
            assert cell.text == LEDGER.corrected(row).printed
        else:
            assert (cell.text, cell.value) == (row.printed, row.value)
            assert not any(note.startswith(f"printed {row.printed}") for note in cell.notes)


@pytest.mark.parametrize("name", PRESETS)
def test_a_column_holds_one_metric_of_one_split(name):
    for column, cell in numbers(TABLES[name]):
        if row := RESULTS.get(cell.source):
            now = LEDGER.corrected(row)
            assert {METRICS[now.likely_metric], DATASETS[now.dataset], now.split} == set(column.header)


@pytest.mark.parametrize("name", PRESETS)
def test_a_number_that_was_called_another_metric_says_so(name):
    for panel in TABLES[name].panels:
        for row in panel.rows:
            for cell in row.cells:
                source = RESULTS.get(cell.source)
                if source and source.metric != source.likely_metric:
                    notes = (*row.cells[0].notes, *cell.notes)
                    assert any(n.startswith(f"printed as {source.metric_as_labelled}") for n in notes)


def test_nothing_published_is_marked():
    assert not any(cell.mark for table in TABLES.values() for _, cell in numbers(table))
    assert all("no test is possible" in table.caption for table in TABLES.values())


def unescaped(text):
    """Markdown as text."""
    text = re.sub(r"<sup>.*?</sup>|[*]{2}|</?u>", "", text)
    text = re.sub(r"\\(.)", r"\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def read_markdown(text):
    lines = [line for line in text.splitlines() if line.startswith("|") and "---" not in line]
    return [[unescaped(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def read_latex(text):
    body = [line for line in text.splitlines() if line.endswith(r" \\") and "multicolumn" not in line]
    cells = [re.split(r"(?<!\\)&", line.removesuffix(r"\\")) for line in body]
    bare = r"\\rlap\{\\textsuperscript\{[a-z,]+\}\}|\\textsuperscript\{[a-z,]+\}|\{\}"
    return [[re.sub(r"\\([&%$#_{}])", r"\1", re.sub(bare, "", c)).strip() for c in row] for row in cells]


def expected(table, empty):
    return [
        [
            cell.text or (empty if column.numeric else "")
            for cell, column in zip(row.cells, panel.columns, strict=True)
        ]
        for panel in table.panels
        for row in panel.rows
    ]


@pytest.mark.parametrize("name", PRESETS)
def test_markdown_reads_back_to_the_table(name):
    text = FORMATS["markdown"](TABLES[name])
    headings = [[column.name for column in panel.columns] for panel in TABLES[name].panels]
    read = read_markdown(text)
    assert [row for row in read if row not in headings] == expected(TABLES[name], "–")
    assert [row for row in read if row in headings] == headings


@pytest.mark.parametrize("name", PRESETS)
def test_latex_reads_back_to_the_table(name):
    last = [[column.header[-1] for column in panel.columns] for panel in TABLES[name].panels]
    read = [row for row in read_latex(FORMATS["latex"](TABLES[name])) if row not in last]
    signs = str.maketrans({"†": r"\textdagger", "‡": r"\textdaggerdbl"})
    assert read == [[text.translate(signs) for text in row] for row in expected(TABLES[name], "--")]


@pytest.mark.parametrize("name", PRESETS)
def test_csv_and_json_read_back_to_the_table(name):
    table = TABLES[name]
    read = list(csv.DictReader(io.StringIO(FORMATS["csv"](table), newline="")))
    lines = [(panel.columns, row) for panel in table.panels for row in panel.rows]
    for line, (columns, row) in zip(read, lines, strict=True):
        told = {column.name: cell.text for column, cell in zip(columns, row.cells, strict=True)}
        assert told | {"group": "As published"} == {k: v for k, v in line.items() if v and k != "notes"} | {
            name: "" for name, text in told.items() if not text
        }
    document = json.loads(FORMATS["json"](table))
    values = [c["value"] for p in document["panels"] for r in p["rows"] for c in r["cells"] if c["source"]]
    assert values == [cell.value for _, cell in numbers(table)]


def test_a_twin_ledger_with_a_disputed_and_a_doubled_number():
    """Made up: what is unknown stays apart, what is printed twice stays twice."""
    first = RESULTS["tfanet2025-t2-001"]
    twins = [
        replace(first, id="tfanet2025-t2-901", row_label="A & B", value=12.0, printed="12.0"),
        replace(first, id="tfanet2025-t2-902", row_label="A & B", value=13.5, printed="13.5"),
        replace(first, id="tfanet2025-t2-903", row_label="C", likely_metric="disputed"),
        replace(first, id="tfanet2025-t2-904", row_label="C", likely_metric="miou"),
    ]
    table = paper_table(find("tfanet-t2"), Ledger(tuple(twins), ()))
    (panel,) = table.panels
    assert [[cell.text for cell in row.cells] for row in panel.rows] == [
        ["A & B", "12.0", "", ""],
        ["A & B", "13.5", "", ""],
        ["C", "", first.printed, first.printed],
    ]
    assert [c.header[-1] for c in panel.columns] == ["Method", "oIoU", "IoU (disputed)", "mIoU"]


def test_what_is_not_there_is_named():
    with pytest.raises(RebenchError, match="did you mean safire-t1"):
        find("safire-t11")
    with pytest.raises(RebenchError, match="no rows of safire2025, Table 1"):
        paper_table(find("safire-t1"), Ledger((), ()))


def test_the_command(tmp_path):
    from rebench.cli.main import app

    def rebench(*words):
        return CliRunner().invoke(app, ["table", *map(str, words)])

    listed = json.loads(rebench("--list", "--json").stdout)
    assert [one["name"] for one in listed["tables"]] == list(PRESETS)
    assert rebench("safire-t1", "--format", "latex").stdout == FORMATS["latex"](TABLES["safire-t1"])
    assert rebench("safire-t1", "--json").stdout == FORMATS["json"](TABLES["safire-t1"])
    out = tmp_path / "table.md"
    assert rebench("risam-t1", "--out", out).exit_code == 0
    assert out.read_text("utf-8") == FORMATS["markdown"](TABLES["risam-t1"])
    shown = rebench("remamber-t2")
    assert shown.stdout == ""
    assert all(
        row.printed in shown.stderr for row in of(PRESETS["remamber-t2"], RESULTS) if row.is_own_result
    )
    for words in ((), ("nonsense",), ("safire-t1", "--format", "pdf"), ("safire-t1", "--out", "x.pdf")):
        assert rebench(*words).exit_code == 2
