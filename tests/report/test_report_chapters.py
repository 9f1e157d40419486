"""What stands together, what does not, and what a reader is warned of."""

import json
import shutil
from pathlib import Path

import pytest
from report_runs import HOSTILE, SETTINGS, Boxes, Close, make_runs

from rebench import evaluate
from rebench.errors import RebenchError
from rebench.report.gathering import Request, gather
from rebench.report.sections import sections_of
from rebench.report.writing import parts_of, write_report

PLAIN = Request(pictures=0, settings=SETTINGS)


def folder(named):
    return Path(named.partition("=")[2])


def test_one_run_makes_a_report_without_comparisons(runs, split):
    found = gather(runs[:1], Request(split=split, pictures=4))
    names = [section.name for section in sections_of(found.chapters[0])]
    assert "headline" in names
    assert not {"differences", "ranks"} & set(names)
    assert "disagreement" not in {kind for card in found.chapters[0].gallery.cards for kind in card.kinds}


@pytest.mark.slow
def test_protocols_and_splits_are_chapters_of_their_own(runs, tmp_path):
    other = make_runs(tmp_path / "rela", Boxes(), protocol="rela")
    further = make_runs(tmp_path / "val", Boxes("boxes:val", 5, first=50))
    found = gather([*runs, *other, *further], PLAIN)
    assert [c.title for c in found.chapters] == [
        "boxes:test, protocol original",
        "boxes:test, protocol rela",
        "boxes:val",
    ]
    assert len({c.slug for c in found.chapters}) == 3
    assert any("protocols" in warning for warning in found.warnings)
    together = parts_of(found)[-1]
    assert [section.name for section in together.sections] == ["same-model"]
    protocols = [row.cells[2].text for row in together.sections[0].tables[0].panels[0].rows]
    assert protocols == ["original", "rela"] * 3


@pytest.mark.slow
def test_enough_splits_give_critical_differences(tmp_path):
    runs = [
        run
        for number in range(3)
        for run in make_runs(tmp_path / str(number), Boxes(f"boxes:{number}", 4, first=2 * number))
    ]
    together = parts_of(gather(runs, PLAIN))[-1]
    section = together.sections[0]
    assert section.name == "critical"
    assert any("share 2 images" in text for text in section.findings)
    rows = section.tables[0].panels[0].rows
    assert [row.cells[0].text for row in rows] == ["close", "middling", HOSTILE]
    assert [row.cells[1].text for row in rows] == ["1.00", "2.00", "3.00"]


@pytest.mark.slow
def test_runs_of_other_expressions_are_refused_unless_asked_for(runs, split, tmp_path):
    part = make_runs(tmp_path, split, limit=10)
    with pytest.raises(RebenchError, match="--common"):
        gather([runs[0], part[1]], PLAIN)
    found = gather([runs[0], part[1]], Request(pictures=0, settings=SETTINGS, common=True))
    assert found.chapters[0].left_out == 14
    assert any("leave out 14" in warning for warning in found.warnings)
    assert any("a part of the split only, 10 of 24" in warning for warning in found.warnings)
    table = sections_of(found.chapters[0])[0].tables[0]
    assert [f"overall {n}" in note for n, note in zip((24, 10), table.notes, strict=True)] == [True, True]


def test_seeds_of_a_model_are_kept_apart(runs):
    found = gather([f"a={folder(runs[0])}", f"a={folder(runs[1])}", f"b={folder(runs[2])}"], PLAIN)
    chapter = found.chapters[0]
    assert [entry.name for entry in chapter.entries] == ["a (seed 1)", "a (seed 2)", "b"]
    section = next(section for section in sections_of(chapter) if section.name == "seeds")
    rows = {(r.cells[0].text, r.cells[1].text): r for r in section.tables[0].panels[0].rows}
    row = rows["a", "overall"]
    values = [entry.summary["overall"]["oiou"]["value"] for entry in chapter.entries[:2]]
    assert row.cells[2].text == f"{100 * sum(values) / 2:.1f}"


@pytest.mark.slow
def test_a_summary_of_an_older_version_is_shown_and_warned_of(runs, split, tmp_path):
    made = make_runs(tmp_path, split)[0]
    path = folder(made) / "summary.json"
    summary = json.loads(path.read_text())
    for part in ("identity", "sizes", "edges", "consistency", "slices", "labelled", "tagger"):
        del summary[part]
    path.write_text(json.dumps(summary))
    found = gather([made], PLAIN)
    assert any("older version" in warning for warning in found.warnings)
    assert "headline" in [section.name for section in sections_of(found.chapters[0])]


def test_without_the_data_the_gallery_says_why(runs):
    found = gather(runs, Request(pictures=4, settings=SETTINGS))
    gallery = found.chapters[0].gallery
    assert gallery.problem
    assert gallery.cards
    assert all(card.picture is None for card in gallery.cards)
    assert any("no pictures" in warning for warning in found.warnings)


@pytest.mark.slow
def test_many_pictures_lie_in_a_folder(report, tmp_path, monkeypatch):
    monkeypatch.setattr("rebench.report.writing.INLINED", 0)
    files = write_report(report, tmp_path, ["html"])
    page = files[0].read_text("utf-8")
    pictures = [path.relative_to(tmp_path).as_posix() for path in files[1:]]
    assert len(pictures) == len(report.chapters[0].gallery.cards)
    assert all(f'src="{name}"' in page for name in pictures)


@pytest.mark.slow
def test_kept_logits_show_what_the_protocol_does(tmp_path):
    split = Boxes()
    run = evaluate(Close(), split, out=tmp_path, keep_logits=True)
    found = gather([str(run.path)], Request(split=split, pictures=0))
    section = next(s for s in sections_of(found.chapters[0]) if s.name == "protocols")
    rows = {row.cells[1].text: row for row in section.tables[0].panels[0].rows}
    assert {"original", "lavt", "rela"} <= rows.keys()
    assert rows["original"].cells[3].text == f"{100 * run.summary['overall']['oiou']['value']:.1f}"


@pytest.mark.slow
@pytest.mark.parametrize("damaged", [True, False])
def test_lost_logits_cost_the_comparison_of_protocols_alone(tmp_path, damaged):
    split = Boxes(images=2)
    run = evaluate(Close(), split, out=tmp_path, keep_logits=True)
    (shard,) = (run.path / "logits.parquet").iterdir()
    if damaged:
        shard.write_bytes(shard.read_bytes()[:50])
    else:
        shutil.rmtree(run.path / "logits.parquet")
    found = gather([str(run.path)], Request(split=split, pictures=0))
    names = [section.name for section in sections_of(found.chapters[0])]
    assert ("headline" in names, "protocols" in names) == (True, False)
    (warning,) = [text for text in found.warnings if "no comparison of protocols" in text]
    assert ("is damaged" if damaged else "no logits in") in warning


def test_wrong_requests_are_told(runs, tmp_path):
    with pytest.raises(RebenchError, match="at least one run"):
        gather([])
    with pytest.raises(RebenchError, match="no format"):
        write_report(gather(runs[:1], PLAIN), tmp_path, ["docx"])
    with pytest.raises(RebenchError, match="not a run"):
        gather([tmp_path])
