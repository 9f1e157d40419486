"""Runs of ours in a paper's table: numbers, intervals, marks that tests bear out, and what is refused."""

import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "predict"))
from noise_split import NoiseSplit

from rebench.data.masks import decode
from rebench.errors import RebenchError
from rebench.evaluation import evaluate
from rebench.published.ledger import Ledger
from rebench.published.measured import Place, _marks, ledger_split, read_rows
from rebench.published.paper_table import MEASURED, PUBLISHED, paper_table
from rebench.published.presets import find
from rebench.report.formats import FORMATS

SPLIT = NoiseSplit(images=20, per_image=2, name="refcoco:val")
HOSTILE = "<script>alert(1)</script> & 50%_$x$"


class Shifted:
    """The referent, moved by up to `reach` columns."""

    def __init__(self, reach, split=SPLIT, seed=0):
        self.reach, self.split, self.rng = reach, split, np.random.default_rng(seed)
        self.targets = iter(split.samples)

    def predict(self, image, expressions):
        targets = islice(self.targets, len(expressions))
        return [
            np.roll(decode(self.split.target(one)), self.rng.integers(0, 1 + self.reach), 1)
            for one in targets
        ]


@pytest.fixture(scope="module")
def sharp(tmp_path_factory):
    return evaluate(Shifted(1), SPLIT, out=tmp_path_factory.mktemp("sharp")).path


@pytest.fixture(scope="module")
def runs(tmp_path_factory, sharp):
    out = tmp_path_factory.mktemp("runs")
    other = NoiseSplit(images=6, per_image=2, name="noise:test")
    made = {
        "blunt": evaluate(Shifted(9), SPLIT, out=out / "blunt"),
        "again": evaluate(Shifted(9, seed=1), SPLIT, out=out / "again"),
        "part": evaluate(Shifted(1), SPLIT, out=out / "part", limit=11),
        "elsewhere": evaluate(Shifted(1, other), other, out=out / "elsewhere"),
    }
    return {"sharp": sharp} | {name: run.path for name, run in made.items()}


def table(preset, *given):
    return paper_table(find(preset), Ledger.read(), read_rows(given))


def measured(done):
    return [(panel, row) for panel in done.panels for row in panel.rows if row.group == MEASURED]


def test_a_run_stands_below_what_was_published_with_its_intervals(sharp):
    (row,) = read_rows([f"{HOSTILE}={sharp}"])
    summary = row.runs["refcoco", "val"].summary["overall"]
    done = paper_table(find("tfanet-t1"), Ledger.read(), [row])
    found = {}
    for panel, line in measured(done):
        assert [one.group for one in panel.rows] == [PUBLISHED] * (len(panel.rows) - 1) + [MEASURED]
        assert line.cells[0].text == HOSTILE
        for column, cell in zip(panel.columns, line.cells, strict=True):
            if column.numeric and cell.text:
                found[column.header] = cell
    assert found.keys() == {("oIoU", "RefCOCO", "val"), ("mIoU", "RefCOCO", "val")}  # none in the disputed
    for metric, header in (("oiou", "oIoU"), ("miou", "mIoU")):
        cell, told = found[header, "RefCOCO", "val"], summary[metric]
        assert cell.value == 100 * told["value"]
        assert cell.text == f"{100 * told['value']:.2f}"
        assert cell.interval == (f"{100 * told['low']:.2f}", f"{100 * told['high']:.2f}")
        assert cell.mark == ""
    assert "95 % intervals over images" in done.caption
    for write in FORMATS.values():
        assert all(end in write(done) for cell in found.values() for end in (cell.text, *cell.interval))


@pytest.mark.slow
def test_marks_are_only_where_a_test_tells_runs_apart(runs):
    done = table("tfanet-t2", *(f"{name}={runs[name]}" for name in ("blunt", "sharp", "again")))
    ((panel, _), *_) = measured(done)
    place = [column.header[-1] for column in panel.columns].index("mIoU")
    marks = {row.cells[0].text: row.cells[place].mark for _, row in measured(done)}
    assert marks == {"sharp": "best", "blunt": "second", "again": "second"}  # a shared second
    assert not any(cell.mark for row in panel.rows if row.group == PUBLISHED for cell in row.cells)
    assert "Holm over 15, level 0.05" in done.caption  # three pairs in five metrics
    alike = table("tfanet-t2", f"blunt={runs['blunt']}", f"again={runs['again']}")
    assert not any(cell.mark for _, row in measured(alike) for cell in row.cells)
    assert "None of the measured is shown to be better" in alike.caption


def test_marks_follow_the_tests_not_the_numbers():
    values, place = {"a": 3.0, "b": 2.0, "c": 1.0}, Place("oiou", "refcoco", "val")

    def told(*pairs):
        return {"\0".join((*pair, *place)) for pair in pairs}

    assert _marks(values, place, told()) == {}
    assert _marks(values, place, told("ac")) == {"a": "best", "b": "best", "c": "second"}
    assert _marks(values, place, told("ab", "ac")) == {"a": "best", "b": "second", "c": "second"}
    assert _marks(values, place, told("ab", "ac", "bc")) == {"a": "best", "b": "second"}


@pytest.mark.slow
def test_a_partial_run_says_so_and_is_compared_with_no_whole_one(runs):
    ((_, row), *_) = measured(table("tfanet-t2", f"part={runs['part']}"))
    notes = {note for cell in row.cells for note in cell.notes}
    assert any("11 of 40 expressions" in note for note in notes)
    with pytest.raises(RebenchError, match="have not scored the same expressions of refcoco:val"):
        table("tfanet-t2", f"part={runs['part']}", f"sharp={runs['sharp']}")


@pytest.mark.slow
def test_runs_that_stand_nowhere_are_refused(runs, tmp_path):
    with pytest.raises(RebenchError, match=r"safire-t1 has no column for .* on noise:test: it has refcocog"):
        table("safire-t1", runs["elsewhere"])
    with pytest.raises(RebenchError, match="costs only"):
        table("safire-t7", runs["sharp"])
    with pytest.raises(RebenchError, match="two runs of x on refcoco:val"):
        table("safire-t1", f"x={runs['sharp']}", f"x={runs['blunt']}")
    with pytest.raises(RebenchError, match="is not a run"):
        table("safire-t1", tmp_path)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("refcoco:testA", ("refcoco", "testA")),
        ("refcoco+:val", ("refcoco+", "val")),
        ("refcocog:test", ("refcocog", "test(U)")),
        ("refcocog:val-google", ("refcocog", "val(G)")),
        ("arefcoco:test", ("arefcoco", "test")),
    ],
)
def test_our_splits_in_the_words_of_the_ledger(ours, theirs):
    assert ledger_split(ours) == theirs
