"""Runs with probes: predictors that are deaf, that read, that hear the category only."""

import json
from collections import Counter

import numpy as np
import pytest
from probes_kennel import CategoryOnly, Choosy, Deaf, Kennel, Reader

from rebench.ambiguity.probes import PROBES
from rebench.ambiguity.probes.effects import probe_effects
from rebench.errors import RebenchError
from rebench.evaluation import Run, evaluate
from rebench.probing import report_probes, run_probes
from rebench.store.folder import RunFolder

pytestmark = pytest.mark.slow  # together they take seconds


@pytest.fixture
def probed(tmp_path):
    """Runs a predictor on the kennel, without and with probes; the run and its report."""

    def do(predictor, names=tuple(PROBES), split=None, **options):
        split = split or Kennel()
        options = {"out": tmp_path / "runs"} | options
        done = evaluate(predictor, split, **options)
        probes = [PROBES[name] for name in names]
        run_probes(predictor, split, probes, **options)
        return done, report_probes(done, split, probes, resamples=200)

    return do


def values(cell):
    """The values of a part of the report, without their intervals."""
    if isinstance(cell, dict) and "low" in cell:
        return cell["value"]
    return {name: values(part) for name, part in cell.items()} if isinstance(cell, dict) else cell


def test_a_predictor_that_ignores_language_does_not_move(probed):
    report = probed(Deaf(), ["empty", "other-target", "shuffled"])[1]["probes"]
    assert list(report) == ["empty", "other-target", "shuffled"]
    for entry in report.values():
        assert entry["overall"]["movement"] == {"value": 0, "low": 0, "high": 0}
        assert entry["overall"]["miou"]["difference"] == {"value": 0, "low": 0, "high": 0}
        assert values(entry["overall"]["identity"]["difference"]) == 0
    follow = values(report["other-target"]["overall"]["follow"])
    assert follow["identity"] == {"before": 0.5, "after": 0.5, "difference": 0}
    assert follow["miou"] == {"before": 0.5, "after": 0.5, "difference": 0}
    assert "follow" not in report["empty"]["overall"]


def test_a_predictor_that_reads_follows_to_the_other_target(probed):
    entry = probed(Reader(), ["other-target"])[1]["probes"]["other-target"]
    overall = values(entry["overall"])
    assert (entry["applies_to"], entry["left_out"], entry["unscored"]) == (12, 5, 0)
    assert (overall["n"], overall["images"], overall["contested"]["n"]) == (12, 3, 12)
    assert (overall["movement"], overall["changed"]) == (1, 1)
    assert overall["follow"]["identity"] == {"before": 0, "after": 1, "difference": 1}
    assert overall["follow"]["miou"] == {"before": 0, "after": 1, "difference": 1}
    assert overall["identity"] == {
        "before": 1, "after": 0, "difference": -1, "chance": 0.5, "above_chance": -0.5, "kept": 0,
        "committed": {"share": 1, "right": 0, "chance": 0.5, "above_chance": -0.5},
    }  # fmt: skip
    assert overall["outcomes"] == {"correct": {"wrong_instance": 12}}
    assert entry["overall"]["follow"]["identity"]["difference"] == {"value": 1, "low": 1, "high": 1}


def test_groups_are_those_of_the_real_sentences(probed):
    groups = values(probed(Reader(), ["other-target", "explicit"])[1]["probes"]["other-target"]["groups"])
    sizes = {name: cell["n"] for name, cell in groups.items()}
    assert sizes == {"simple": 6, "object_distracting": 3, "category_implicit": 3, "both": 0}
    assert groups["both"]["movement"] is None


CATEGORY = ("category", "empty", "shuffled", "explicit")


def test_a_predictor_that_hears_the_category_only(probed):
    report = {name: entry["overall"] for name, entry in probed(CategoryOnly(), CATEGORY)[1]["probes"].items()}
    # of 17, the 4 that say "it" got everything and now get the dog: 160 of 864 pixels
    assert values(report["category"]["movement"]) == pytest.approx(4 / 17 * (1 - 160 / 864))
    assert values(report["shuffled"]["movement"]) == 0
    assert values(report["explicit"]["movement"]) == pytest.approx(1 - 160 / 864)
    assert values(report["empty"]["changed"]) == pytest.approx(13 / 17)
    assert values(report["empty"]["identity"]["after"]) == 0  # everything is no instance
    assert Counter(report["empty"]["outcomes"]["correct"]) == {"poorly_drawn": 1 + 3, "several_instances": 3}


def test_a_sentence_nobody_understands_gets_nothing(probed):
    report = values(probed(Reader(), ["shuffled"])[1]["probes"]["shuffled"]["overall"])
    assert report["outcomes"] == {"correct": {"empty": 17}}
    assert report["identity"]["kept"] == 0


def test_the_report_lies_beside_the_run(probed):
    done, report = probed(Reader(), ["empty"])
    assert json.loads((done.path / "probes.json").read_text()) == report
    assert report["schema_version"] == 1
    assert report["manifest_sha256"] == done.record.split.manifest_sha256
    there = Run.read(done.path.parents[1] / report["probes"]["empty"]["run"] / done.path.name)
    assert there.record.split.name == "kennel:test@empty"
    assert there.record.split.manifest_sha256 == report["probes"]["empty"]["manifest_sha256"]
    assert there.record.status == "complete"
    assert set(there.predictions()["expression"]) == {""}


def test_the_report_is_about_all_probed_runs_there(probed):
    probed(Reader(), ["empty"])
    assert list(probed(Reader(), ["category"])[1]["probes"]) == ["category", "empty"]


def test_an_interrupted_probe_continues(probed, tmp_path):
    names = ["category", "explicit"]
    whole = probed(Reader(), names, out=tmp_path / "whole")[1]

    class Interrupted(Reader):
        def predict(self, image, expressions):
            if len(self.asked) >= 17 + 8:
                raise KeyboardInterrupt
            return super().predict(image, expressions)

    Interrupted.__module__, Interrupted.__qualname__ = Reader.__module__, Reader.__qualname__
    with pytest.raises(KeyboardInterrupt):
        probed(Interrupted(), names)
    reader = Reader()
    report = probed(reader, names)[1]
    assert len(reader.asked) == (17 - 12) + 4  # category goes on after three pictures of four
    assert reader.asked[:5] == ["dog"] * 4 + ["cat"]
    assert report == whole
    again = Reader()
    assert probed(again, names)[1] == whole
    assert again.asked == []


def test_a_limit_is_one_of_the_real_sentences(probed):
    reader = Reader()
    report = probed(reader, ["explicit", "empty", "no-distractors"], limit=4)[1]
    assert len(reader.asked) == 4 + 2 + 4
    entries = report["probes"]
    assert {name: entry["overall"]["n"] for name, entry in entries.items()} == {"empty": 4, "explicit": 2}
    assert entries["explicit"]["unscored"] == 2
    assert report["notes"] == ["no-distractors applies to none of the expressions"]


def test_expressions_that_fail_have_no_part(probed):
    entry = probed(Choosy(), ["empty", "category"])[1]["probes"]["empty"]
    assert (entry["overall"]["n"], entry["unscored"]) == (0, 17)
    assert entry["overall"]["movement"] == {"value": None, "low": None, "high": None}


def test_probed_runs_of_another_model_are_left_out(probed, tmp_path):
    probed(Reader(), ["empty"])
    done = evaluate(Reader(), Kennel(), out=tmp_path / "runs", seed=1, fresh=True)
    with pytest.raises(RebenchError, match=r"empty is left out: .* \(seed was 1, now 0\)"):
        report_probes(done, Kennel())


def test_a_run_without_probes_says_how_to_make_some(tmp_path):
    done = evaluate(Reader(), Kennel(), out=tmp_path / "runs")
    with pytest.raises(RebenchError, match="add `--probe NAME` to its `rebench run`"):
        report_probes(done, Kennel())
    assert not (done.path / "probes.json").exists()


def test_scores_of_an_older_version_are_told(probed):
    done = probed(Reader(), ["empty"])[0]
    RunFolder(done.path).write_scores(done.scores.drop(columns="candidates"))
    with pytest.raises(RebenchError, match="no column 'candidates': make them anew with `rebench score"):
        report_probes(Run.read(done.path), Kennel())


def test_effects_are_what_a_plain_computation_gives(probed):
    class Guess(Reader):
        """Right or wrong, whole or in part, by the sentence and the picture."""

        def predict(self, image, expressions):
            made = []
            for expression in expressions:
                rng = np.random.default_rng([len(expression), int(image[0, 0, 0])])
                mask = np.zeros((24, 36), bool)
                mask[4:20, (start := rng.integers(0, 24)) : start + rng.integers(2, 12)] = True
                made.append(mask)
            return made

    done, report = probed(Guess(), ["shuffled", "other-target"], Kennel(9))
    entry = report["probes"]["other-target"]
    other = Run.read(done.path.parents[1] / entry["run"] / done.path.name)
    before, after = (run.scores.set_index("sample_id") for run in (done, other))
    before = before.loc[after.index]
    right = [frame["outcome"].isin(["correct", "poorly_drawn"]) for frame in (before, after)]
    overall = values(entry["overall"])
    assert overall["miou"]["difference"] == pytest.approx(after["iou"].mean() - before["iou"].mean())
    assert overall["identity"]["before"] == pytest.approx(right[0].mean())
    assert overall["identity"]["after"] == pytest.approx(right[1].mean())
    assert overall["identity"]["kept"] == pytest.approx((right[0] & right[1]).sum() / right[0].sum())
    one = right[1] | (after["outcome"] == "wrong_instance")
    assert 0 < one.mean() < 1
    committed = {"share": one.mean(), "right": right[1][one].mean(), "chance": 0.5}
    committed["above_chance"] = committed["right"] - 0.5
    assert overall["identity"]["committed"] == pytest.approx(committed)
    moves = Counter(zip(before["outcome"], after["outcome"], strict=True))
    assert {(was, now): n for was, row in overall["outcomes"].items() for now, n in row.items()} == moves
    # the other's sentence has the other's answer: what follows is right there, and this the other way round
    wrong = values(entry["overall"]["follow"]["identity"])
    assert wrong["after"] == pytest.approx(right[0].mean())
    assert wrong["before"] == pytest.approx(right[1].mean())


def test_effects_of_nothing():
    import pandas as pd

    empty = pd.DataFrame({name: [] for name in ("image_id", "candidates", "outcome", "iou")})
    cells = {"overall": np.zeros(0, bool)}
    rng = np.random.default_rng(0)
    found = probe_effects((empty, empty), np.empty(0), cells, resamples=10, rng=rng)
    assert found["overall"]["n"] == 0
    assert found["overall"]["movement"]["value"] is None
