"""Submitting and verifying, from runs to a board that is in order."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest
from board_stripes import NOTHING, Stripes, description, shifted
from tampering import lines_of, read, reseal

from rebench.data.masks import decode
from rebench.data.split import Counts
from rebench.errors import RebenchError
from rebench.evaluation import Run
from rebench.importing import import_predictions
from rebench.leaderboard import measure as measuring
from rebench.leaderboard.board_file import new_board, read_board
from rebench.leaderboard.entry import Details
from rebench.leaderboard.schema import Estimate
from rebench.leaderboard.standing import rank_range, standings
from rebench.leaderboard.submit import commit, propose, submit
from rebench.leaderboard.verify import verify

pytestmark = pytest.mark.slow  # together they take seconds


def test_what_is_submitted_verifies(board, split):
    done = verify(board, split=split)
    assert done.findings == ()
    assert done.notes == ()
    assert [(e.name, e.state) for e in done.entries] == [
        ("good", "re-scored"),
        ("fair", "re-scored"),
        ("poor", "re-scored"),
    ]


def test_an_entry_has_the_numbers_of_the_summary(empty, make_run, split):
    """Intervals too: they resample the same images, with as many resamples and the same seed."""
    run = make_run("good")
    described = read_board(empty).parsed().board
    submit(run, empty, NOTHING, split=split)
    entry = read(empty)["entries"][0]
    from rebench.metrics.summary import summarise

    done = Run.read(run)
    summary = summarise(done.scores, split, resamples=described.interval.resamples)
    metrics = entry["scores"]["overall"]["metrics"]
    assert metrics.pop("biou") == summary["edges"]["overall"]["biou"]
    assert metrics == {name: summary["overall"][name] for name in metrics}
    both = entry["scores"]["groups"]["both"]
    assert both["metrics"]["miou"] == summary["groups"]["both"]["miou"]
    assert entry["scores"]["identity"]["overall"]["accuracy"] == summary["identity"]["overall"]["accuracy"]
    assert entry["coverage"] == {"expressions": 12, "predicted": 12, "scored": 12}


def test_the_predictions_file_can_be_imported_and_gives_the_same_masks(board, split, tmp_path):
    rows = lines_of(board, 1)
    assert rows[0] == {
        "rebench_predictions": 1,
        "split": "stripes:test",
        "manifest_sha256": split.manifest.sha256,
        "model": "good",
        "masks": 12,
    }
    file = board.parent / read(board)["entries"][0]["predictions"]["file"]
    run = import_predictions(file, "again", split, tmp_path / "runs")
    assert dict(Run.read(run).predictions()[["sample_id", "rle"]].to_numpy()) == {
        name: mask["counts"] for name, mask in shifted(split, 1).items()
    }


def runs_of(mask):
    """Run lengths as numbers, background first."""
    pixels = decode(mask).T.ravel()
    cuts = [0, *np.flatnonzero(np.diff(pixels)) + 1, pixels.size]
    runs = [int(length) for length in np.diff(cuts)]
    return [0, *runs] if pixels[0] else runs


def test_a_file_written_by_hand_is_read(split, tmp_path):
    """As in leaderboards/README.md: a header that says little, masks in all forms."""
    rows = [{"rebench_predictions": 1, "split": split.name}]
    for number, (name, mask) in enumerate(shifted(split, 1).items()):
        rows.append({"sample_id": name, "rle": (mask, mask["counts"], runs_of(mask))[number % 3]})
    file = tmp_path / "theirs.jsonl.gz"
    file.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    assert Run.read(import_predictions(file, "theirs", split, tmp_path)).record.status == "complete"


def test_submitting_twice_changes_nothing(board, make_run, split):
    before = board.read_bytes()
    run = make_run("good")
    assert propose(run, board, NOTHING, split=split).there == 1
    assert submit(run, board, NOTHING, confirm=lambda proposal: False, split=split) == 1
    assert board.read_bytes() == before


def test_predictions_that_are_there_are_not_packed_anew(board, make_run, split):
    """Another zlib packs the same text into other bytes; damaged ones are replaced."""
    file = board.parent / read(board)["entries"][0]["predictions"]["file"]
    other = gzip.compress(gzip.decompress(file.read_bytes()), 1)
    for there, kept in ((other, True), (other[:-9], False)):
        file.write_bytes(there)
        assert submit(make_run("good"), board, NOTHING, split=split) == 1
        assert (file.read_bytes() == there) == kept
    assert verify(board, split=split).ok


def test_a_no_writes_nothing(board, make_run, split):
    before = sorted(board.parent.rglob("*")), board.read_bytes()
    assert submit(make_run("late", 3), board, NOTHING, confirm=lambda proposal: False, split=split) is None
    assert (sorted(board.parent.rglob("*")), board.read_bytes()) == before


def test_a_proposal_says_what_the_new_entry_is_worth(board, make_run, split):
    proposal = propose(make_run("late", 4), board, NOTHING, split=split)
    assert proposal.best.model.name == "good"
    assert proposal.test.estimate < 0
    assert proposal.test.p < 0.05
    assert proposal.entries == 4
    assert {"+ model.name: late", "+ source: measured", "+ predictions.bytes: 1000"} - {
        *(line.replace(str(proposal.draft.packed.bytes), "1000") for line in proposal.changes)
    } == set()
    assert not any("scores" in line for line in proposal.changes)
    _, new, best = proposal.metrics[0]
    assert proposal.test.estimate == pytest.approx(new.value - best.value, abs=1e-12)
    assert proposal.ranks[0] > 1


def test_without_the_predictions_of_the_best_there_is_no_test(board, make_run, split):
    (board.parent / read(board)["entries"][0]["predictions"]["file"]).unlink()
    proposal = propose(make_run("late", 4), board, NOTHING, split=split)
    assert proposal.test is None
    done = verify(board, split=split)
    assert done.ok
    assert [entry.state for entry in done.entries] == ["self-reported", "re-scored", "re-scored"]


def test_a_correction_supersedes(board, make_run, split):
    better = make_run("fair", 1, masks=shifted(split, 0))
    with pytest.raises(RebenchError, match="supersede"):
        submit(better, board, NOTHING, split=split)
    details = replace(NOTHING, supersedes=2, reason="masks were one column off")
    changes = propose(better, board, details, split=split).changes
    assert "+ reason: masks were one column off" in changes
    assert [line[:2] for line in changes if "predictions.sha256" in line] == ["- ", "+ "]
    assert not any("model.name" in line for line in changes)
    assert submit(better, board, details, split=split) == 4
    document = read_board(board).parsed()
    assert verify(board, split=split).ok
    rows = standings(document.entries, "oiou")
    assert [(row.entry.number, row.entry.model.name) for row in rows] == [
        (4, "fair"),
        (1, "good"),
        (3, "poor"),
    ]


def test_an_entry_without_kept_predictions_is_self_reported(empty, make_run, split):
    commit(propose(make_run("good"), empty, NOTHING, split=split), keep_predictions=False)
    assert [entry.state for entry in verify(empty, split=split).entries] == ["self-reported"]


@pytest.mark.parametrize(
    ("details", "said"),
    [
        (Details(), "training data are not declared"),
        (replace(NOTHING, source="author"), "released checkpoint"),
        (replace(NOTHING, supersedes=1), "supersedes"),
        (replace(NOTHING, name="<b>"), "markup"),
        (replace(NOTHING, name="G00D"), "look_alike"),
        (replace(NOTHING, paper="http://example.org"), "link"),
        (replace(NOTHING, trained_on=("stripes:test", "=1")), "formula"),
    ],
)
def test_what_a_board_does_not_take_is_refused_before_writing(board, make_run, split, details, said):
    before = board.read_bytes()
    with pytest.raises(RebenchError, match=said):
        submit(make_run("late", 3), board, details, split=split)
    assert board.read_bytes() == before


def test_a_partial_run_is_not_eligible(board, make_run, split):
    masks = dict(list(shifted(split, 3).items())[:-1])
    with pytest.raises(RebenchError, match="masks for 11 of 12 expressions"):
        submit(make_run("late", masks=masks), board, NOTHING, split=split)


def test_a_board_may_refuse_who_has_seen_the_test(tmp_path, make_run, split, monkeypatch):
    path = tmp_path / "strict.json"
    limits = {"sources": ("measured",), "coverage": 1.0, "overlap": 0.1}
    new_board(path, description(split, name="strict", eligible=limits))
    seen = {"splits": ["refcoco:train"], "other": [], "overlap": {"images": 2, "share": 2 / 6, "unknown": []}}
    monkeypatch.setattr("rebench.leaderboard.entry.declared", lambda *given: seen)
    with pytest.raises(RebenchError, match=r"33.3% of the test images seen in training"):
        submit(make_run("good"), path, replace(NOTHING, trained_on=("refcoco:train",)), split=split)


def test_the_first_measured_entry_settles_an_open_manifest(tmp_path, make_run, split):
    path = tmp_path / "open.json"
    new_board(path, description(split, name="open", manifest_sha256=None))
    assert verify(path, split=split).ok
    submit(make_run("good"), path, NOTHING, split=split)
    assert read(path)["board"]["manifest_sha256"] == split.manifest.sha256
    assert verify(path, split=split).ok


def test_data_that_are_not_whole_are_no_finding(board):
    part = Stripes(pictures=3)
    part.official = Counts(6, None, 12)
    done = verify(board, split=part)
    assert done.ok
    assert {entry.state for entry in done.entries} == {"unchecked"}
    assert "only 6 of 12 expressions" in done.notes[0]


@pytest.mark.parametrize(("labels", "ok"), [("tagger 1", True), ("gold", False)])
def test_groups_of_another_tagger_are_not_compared(board, split, monkeypatch, labels, ok):
    """But gold labels are in the data: who names another source of them there hides something."""
    document = read(board)
    scores = document["entries"][0]["scores"]
    scores["labels"] = "tagger 0"
    first, second = scores["groups"]["simple"]["metrics"], scores["groups"]["both"]["metrics"]
    first["oiou"], second["oiou"] = second["oiou"], first["oiou"]
    board.write_text(json.dumps(reseal(document)))
    whole = measuring.measure

    def measured(*given):
        found = whole(*given)
        found.scores["labels"] = labels
        return found

    monkeypatch.setattr("rebench.leaderboard.measure.measure", measured)
    found = verify(board, split=split)
    mine = [finding.reason for finding in found.findings if finding.entry == 1]
    assert mine == ([] if ok else ["score"])
    assert ok is any("groups by tagger 0, here is tagger 1" in note for note in found.notes)


def test_a_newer_version_is_refused(board, split):
    document = read(board) | {"schema_version": 2}
    board.write_text(json.dumps(document))
    with pytest.raises(RebenchError, match="newer rebench"):
        verify(board, split=split)


def test_a_board_that_is_not_in_order_takes_nothing(board, make_run, split):
    document = read(board)
    document["entries"].pop(1)
    board.write_text(json.dumps(document))
    with pytest.raises(RebenchError, match="not in order"):
        submit(make_run("late", 3), board, NOTHING, split=split)


def interval(value, low, high):
    return Estimate(value=value, low=low, high=high)


def test_rank_ranges_follow_from_intervals_that_part():
    apart = [interval(0.9, 0.85, 0.95), interval(0.8, 0.7, 0.86), interval(0.5, 0.4, 0.6)]
    assert [rank_range(own, apart) for own in apart] == [(1, 2), (1, 2), (3, 3)]
    printed = interval(0.99, None, None)
    assert rank_range(printed, [*apart, printed]) == (None, None)
    assert rank_range(apart[0], [*apart, printed]) == (1, 2)
