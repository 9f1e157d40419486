"""`rebench compare`: from the folders of runs to verdicts, and what it refuses."""

import json
import shutil
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

sys.path.append(str(Path(__file__).parents[1] / "predict"))
from noise_split import NoiseSplit

from rebench.comparing import compare_folders
from rebench.data.masks import decode
from rebench.errors import RebenchError
from rebench.evaluation import evaluate
from rebench.metrics.scoring import CORE
from rebench.stats import Settings, compare

pytestmark = pytest.mark.slow  # together they take seconds

SPLIT = NoiseSplit(images=30, per_image=6)


class Shifted:
    """The referent, moved by up to `reach` columns; by up to `far` where it is object-distracting."""

    def __init__(self, reach, far=None, seed=0):
        self.reach, self.far, self.rng = reach, reach if far is None else far, np.random.default_rng(seed)
        self.targets = iter(sample for sample in SPLIT.samples)

    def predict(self, image, expressions):
        masks = []
        for sample in islice(self.targets, len(expressions)):
            by = self.rng.integers(0, 1 + (self.far if sample.object_distracting else self.reach))
            masks.append(np.roll(decode(SPLIT.target(sample)), by, axis=1))
        return masks


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    models = {
        "sharp": Shifted(1),
        "blunt": Shifted(8),
        "again": Shifted(8, seed=1),
        "torn": Shifted(1, far=9, seed=2),
    }
    return {name: evaluate(model, SPLIT, out=out / name).path for name, model in models.items()}


@pytest.fixture(scope="module")
def rebench():
    from rebench.cli.main import app

    return lambda *words: CliRunner().invoke(app, ["compare", *map(str, words)])


def named(runs, *names):
    return [f"{name}={runs[name]}" for name in names]


def test_the_better_run_is_found_and_told(rebench, runs):
    result = rebench(*named(runs, "sharp", "blunt"), "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert (document["schema_version"], document["samples"], document["images"]) == (1, 180, 30)
    overall = next(
        d for d in document["panel"]["differences"] if d["group"] == "overall" and d["metric"] == "miou"
    )
    assert overall["verdict"] == "better"
    assert overall["low"] <= overall["estimate"] <= overall["high"]
    assert overall["p"] <= overall["p_adjusted"] < 0.05
    assert "sharp better than blunt by" in result.stderr
    assert "Holm over 10" in result.stderr
    power = {row["metric"]: row for row in document["power"]}
    assert power["miou"]["detectable"] == pytest.approx(2.8016 * power["miou"]["standard_error"], rel=1e-4)


def test_the_numbers_are_those_of_the_library_and_of_the_summary(runs):
    done = compare_folders(named(runs, "blunt", "again"), ["oiou", "pr50"], Settings(resamples=500, seed=3))
    (_, a), (_, b) = done.runs
    for metric in ("oiou", "pr50"):
        alone = compare(a.scores, b.scores, a.scores["image_id"], metric, 500, 3)
        inside = next(d for d in done.panel.differences if (d.group, d.metric) == ("overall", metric))
        assert inside.estimate == pytest.approx(alone.estimate, abs=1e-12)
        assert (inside.low, inside.high) == pytest.approx((alone.low, alone.high), abs=1e-12)
        assert inside.p == pytest.approx(alone.p, abs=1e-12)
        for run in (a, b):
            told = next(
                e.estimate
                for e in done.panel.estimates
                if (e.run, e.group, e.estimate.metric)
                == ("blunt" if run is a else "again", "overall", metric)
            )
            assert told.value == pytest.approx(run.summary["overall"][metric]["value"], abs=1e-12)


def test_a_lead_that_changes_with_the_language_is_seen(runs):
    done = compare_folders(named(runs, "torn", "blunt"), ["miou"])
    change = next(i for i in done.panel.interactions if i.groups[1] == "object_distracting")
    assert change.change.lead_first > 0 > change.change.lead_second
    assert change.p_adjusted < 0.05


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(rebench, runs):
    words = (*named(runs, "sharp", "again"), "--json", "--resamples", 300)
    first, second, other = rebench(*words), rebench(*words), rebench(*words, "--seed", 1)
    assert first.stdout == second.stdout
    assert first.stdout != other.stdout


def test_runs_of_one_name_are_training_seeds(rebench, runs):
    result = rebench(f"blunt={runs['blunt']}", f"blunt={runs['again']}", f"sharp={runs['sharp']}", "--json")
    document = json.loads(result.stdout)
    assert document["panel"] is None
    row = next(r for r in document["seeds"] if r["models"] == ["blunt"] and r["metric"] == "miou")
    assert row["estimate"] == pytest.approx(np.mean(row["per_seed"]))
    assert row["training_seed"]["standard_error"] == pytest.approx(np.std(row["per_seed"], ddof=1) / 2**0.5)
    lone = next(r for r in document["seeds"] if r["models"] == ["sharp"])
    assert lone["training_seed"]["low"] is None  # one seed says nothing about seeds
    assert "test-set" in result.stderr
    assert "training-seed" in result.stderr


def test_expressions_that_one_run_lacks(rebench, runs, tmp_path):
    partial = evaluate(Shifted(1), SPLIT, out=tmp_path, limit=50).path
    refused = rebench(f"part={partial}", *named(runs, "blunt"))
    assert refused.exit_code == 2
    assert "part lacks 130 of 180" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    result = rebench(f"part={partial}", *named(runs, "blunt"), "--common", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["left_out"] == 130
    assert json.loads(result.stdout)["samples"] == 50


def test_what_cannot_be_compared_is_said_in_one_line(rebench, runs, tmp_path):
    other = evaluate(Shifted(1), NoiseSplit(images=30, per_image=6, name="other:test"), out=tmp_path).path
    sharp, blunt = runs["sharp"], runs["blunt"]
    for words, told in (
        ((sharp,), "at least two runs"),
        ((sharp, sharp), "given twice"),
        ((sharp, tmp_path / "nowhere"), "is not a run"),
        ((f"a={sharp}", f"b={other}"), "b was run on other:test, a on noise:test"),
        ((sharp, blunt, "--metric", "beauty"), "no column 'beauty'"),
        ((sharp, blunt, "--correction", "magic"), "unknown correction 'magic'"),
        ((sharp, blunt, "--interval", "wide"), "unknown interval 'wide'"),
        ((sharp, blunt, "--families", "clan"), "unknown families 'clan'"),
        ((sharp, blunt, "--level", "95"), "between 0 and 1"),
        ((sharp, blunt, "--margin", "inf"), "above 0 and finite"),
        ((sharp, blunt, "--resamples", "1000000000"), "--resamples"),
        ((f"a={sharp}", f"a={blunt}", "--correction", "magic"), "unknown correction 'magic'"),
        ((sharp, "x" * 5000), "no such folder"),
    ):
        result = rebench(*words)
        assert result.exit_code == 2, words
        assert told in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


def test_another_protocol_is_named(runs, monkeypatch):
    from rebench.evaluation import Run

    read = Run.read

    def as_lavt(path):
        run = read(path)
        if str(path) == str(runs["blunt"]):
            run.summary["protocol"] = "lavt"
        return run

    monkeypatch.setattr(Run, "read", as_lavt)
    with pytest.raises(RebenchError, match="blunt is scored by protocol lavt, sharp by original"):
        compare_folders(named(runs, "sharp", "blunt"))


@pytest.mark.parametrize(
    ("column", "change", "told"),
    [
        ("category_implicit", lambda flags: ~flags, "blunt has 2 expressions in other groups than sharp"),
        ("target_area", lambda areas: areas + 1, "blunt is scored against other true masks than sharp in 2 "),
    ],
)
def test_runs_that_disagree_about_the_truth_are_refused(runs, monkeypatch, column, change, told):
    from rebench.evaluation import Run

    read = Run.read

    def otherwise(path):
        run = read(path)
        if str(path) == str(runs["blunt"]):
            run.scores.loc[:1, column] = change(run.scores.loc[:1, column])
        return run

    monkeypatch.setattr(Run, "read", otherwise)
    with pytest.raises(RebenchError, match=f"{told}.*rebench score"):
        compare_folders(named(runs, "sharp", "blunt"))


def test_runs_of_one_model_are_told_apart_by_their_folders(runs):
    done = compare_folders([runs["sharp"], runs["blunt"]], ["miou"], Settings(resamples=100))
    assert [name for name, _ in done.runs] == [str(runs["sharp"]), str(runs["blunt"])]


def test_a_name_is_no_markup_and_stays_whole(rebench, runs):
    names = "mine[v2]", "theirs[/x]"
    words = [f"{name}={runs[run]}" for name, run in zip(names, ("sharp", "blunt"), strict=True)]
    result = rebench(*words, "--resamples", 100)
    assert result.exit_code == 0, result.stderr
    header = next(line for line in result.stderr.splitlines() if "images" in line and "n" in line.split())
    assert header.split()[-2:] == list(names)
    assert "mine[v2] - theirs[/x]" in result.stderr
    seeds = rebench(words[0], f"{names[0]}={runs['again']}", words[1], "--resamples", 100)
    assert seeds.exit_code == 0, seeds.stderr
    assert "mine[v2] - theirs[/x]" in seeds.stderr


def test_long_names_leave_room_for_the_numbers(rebench, runs):
    long = [f"{name * 12}={runs[name]}" for name in ("sharp", "blunt", "again")]
    result = rebench(*long, "--resamples", 100, "--metric", "miou")
    assert result.exit_code == 0, result.stderr
    assert "…" not in result.stderr
    tables = result.stderr.split("Differences")
    assert "images" in tables[0]
    assert "p adj." in tables[1]


def test_many_runs_are_all_shown(rebench, runs, tmp_path):
    many = [f"m{i}={copied(runs['blunt'], tmp_path / str(i), lambda scores: scores)}" for i in range(8)]
    result = rebench(*many, "--resamples", 50, "--metric", "miou")
    assert result.exit_code == 0, result.stderr
    tables = result.stderr.split("Differences")[0]
    assert all(f" m{i} " in tables or f" m{i}\n" in tables for i in range(8))
    assert "…" not in tables


def test_one_picture_has_no_interval_and_says_so(rebench, tmp_path):
    split = NoiseSplit(images=1, per_image=4)
    paths = []
    for name, reach in (("near", 1), ("far", 8)):
        rng = np.random.default_rng(0)

        class Moved:
            def predict(self, image, expressions, rng=rng, reach=reach):
                by = int(rng.integers(reach + 1))
                return [np.roll(decode(split.target(s)), by, axis=1) for s in split.samples][
                    : len(expressions)
                ]

        paths.append(f"{name}={evaluate(Moved(), split, out=tmp_path / name).path}")
    result = rebench(*paths, "--json", "--resamples", 50)
    assert result.exit_code == 0, result.stderr
    assert "nan" not in result.stderr
    assert all(d["low"] is None for d in json.loads(result.stdout)["panel"]["differences"])


@pytest.mark.parametrize("column", ["sample_id", "image_id", "intersection", "object_distracting"])
def test_scores_without_a_column_are_named(rebench, runs, tmp_path, column):
    damaged = copied(runs["blunt"], tmp_path / "run", lambda scores: scores.drop(columns=column))
    refused = rebench(f"a={runs['sharp']}", f"b={damaged}")
    assert refused.exit_code == 2
    assert f"has no column '{column}'" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_an_expression_that_was_scored_twice(rebench, runs, tmp_path):
    damaged = copied(runs["blunt"], tmp_path / "run", lambda scores: pd.concat([scores, scores[:1]]))
    refused = rebench(f"a={runs['sharp']}", f"b={damaged}", "--common")
    assert refused.exit_code == 2
    assert "twice: make it anew" in refused.stderr


def test_a_summary_without_its_coverage(rebench, runs, tmp_path):
    damaged = copied(runs["blunt"], tmp_path / "run", lambda scores: scores)
    summary = json.loads((damaged / "summary.json").read_text())
    (damaged / "summary.json").write_text(json.dumps(summary | {"coverage": {}}))
    refused = rebench(f"a={runs['sharp']}", f"b={damaged}", "--json")
    assert refused.exit_code == 2
    assert "no summary of this version" in refused.stderr


def copied(run, place, change):
    """A copy of a run with other scores."""
    shutil.copytree(run, place)
    change(pd.read_parquet(place / "scores.parquet")).to_parquet(place / "scores.parquet", index=False)
    return place


def test_a_hit_at_any_level_is_counted_as_the_protocol_counts(runs, monkeypatch):
    """CRIS wants more than X: an IoU of exactly 0.75 (less an epsilon, too) is no hit at 0.75."""
    from rebench.evaluation import Run

    read = Run.read

    def exact(path, protocol):
        run = read(path)
        run.summary["protocol"] = protocol
        return replace(run, scores=run.scores.assign(intersection=75, union=100, iou=0.75))

    for protocol, hits in (("original", 1.0), ("cris", 0.0)):
        monkeypatch.setattr(Run, "read", lambda path, protocol=protocol: exact(path, protocol))
        done = compare_folders(named(runs, "sharp", "blunt"), ["pr75"], Settings(resamples=20))
        assert {e.estimate.value for e in done.panel.estimates} == {hits}
    monkeypatch.setattr(Run, "read", lambda path: exact(path, "remamber"))
    with pytest.raises(RebenchError, match="remamber computes no pr75"):
        compare_folders(named(runs, "sharp", "blunt"), ["pr75"])


def test_identity_and_boundaries_can_be_compared(runs, rebench):
    done = rebench(
        runs["sharp"], runs["blunt"], "--metric", "identity", "--metric", "biou", "--resamples", 200, "--json"
    )
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    scores = {name: pd.read_parquet(runs[name] / "scores.parquet") for name in ("sharp", "blunt")}
    for metric, column in (("identity", "identity"), ("biou", "boundary_iou")):
        (found,) = [
            d for d in document["panel"]["differences"] if (d["group"], d["metric"]) == ("overall", metric)
        ]
        means = [scores[name][column].mean() for name in ("sharp", "blunt")]
        assert found["estimate"] == pytest.approx(means[0] - means[1])
    assert "boundary IoU" in done.stderr


def test_scores_of_an_older_version_say_how_to_get_the_column(runs, rebench, tmp_path):
    folders = [shutil.copytree(runs[name], tmp_path / name) for name in ("sharp", "blunt")]
    for folder in folders:
        scores = pd.read_parquet(folder / "scores.parquet")
        scores[list(CORE)].to_parquet(folder / "scores.parquet")
    done = rebench(*folders, "--resamples", 50)
    assert done.exit_code == 0, done.stderr
    refused = rebench(*folders, "--metric", "identity")
    assert refused.exit_code == 2
    assert "`rebench score RUN` adds them" in refused.stderr
