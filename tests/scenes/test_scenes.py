"""The embedded benchmark: the same pictures everywhere, exact masks, a cache that cannot lie."""

import json
import os
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from rebench.data.masks import area, decode
from rebench.errors import RebenchError
from rebench.scenes import split as scenes
from rebench.scenes.build import make_example
from rebench.scenes.dice import Dice
from rebench.scenes.world import SMALLEST, VISIBLE, make_scene


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "rebench" / "scenes" / "v1"


def test_a_scene_has_exact_and_visible_things():
    for seed in range(20):
        scene = make_scene(Dice(seed))
        assert scene.image.shape == (128, 128, 3)
        assert scene.image.dtype == np.uint8
        assert np.stack(scene.masks).sum(0).max() == 1, "two things claim one pixel"
        for mask, whole in zip(scene.masks, scene.whole_areas, strict=True):
            assert mask.sum() >= max(SMALLEST, VISIBLE * whole)
        categories = [thing.category for thing in scene.things]
        assert len(set(categories)) < len(categories), "nothing to confuse the referent with"


def test_a_small_training_part_is_the_beginning_of_a_large_one(cache):
    small, large = scenes.load("scenes:train-3"), scenes.load("scenes:train-5")
    assert list(small.samples) == list(large.samples)[: len(small.samples)]
    image_id = small.samples[0].image_id
    assert (small.image(image_id) == large.image(image_id)).all()


@pytest.mark.slow
def test_parts_share_no_picture(cache):
    ids = [{s.image_id for s in scenes.load(f"scenes:{part}").samples} for part in ("train-4", "val")]
    assert not ids[0] & ids[1]
    assert not np.array_equal(make_example("val", 0).scene.image, make_example("train", 0).scene.image)


@pytest.mark.slow
def test_val_has_the_pinned_content_and_comes_back_from_the_cache(cache):
    made = scenes.load("scenes:val")
    assert made.sha256 == scenes.PINNED["scenes:val"]
    before = (cache / "val" / "scenes.json").stat().st_mtime_ns
    again = scenes.load("scenes:val")
    assert (cache / "val" / "scenes.json").stat().st_mtime_ns == before
    assert again.manifest.sha256 == made.manifest.sha256
    assert made.counts.expressions == made.official.expressions == 1000


@pytest.mark.slow
def test_the_test_part_has_the_pinned_content(cache):
    split = scenes.load("scenes:test")
    assert split.sha256 == scenes.PINNED["scenes:test"]
    assert split.coverage == "3,000 expressions"
    cells = [(s.object_distracting, s.category_implicit) for s in split.samples]
    assert min(cells.count(c) for c in set(cells)) > 700


def test_targets_are_instances_of_their_category(cache):
    split = scenes.load("scenes:train-10")
    for sample in split.samples:
        target = split.target(sample)
        (same,) = [i for i in split.instances(sample.image_id) if i.annotation_id == sample.annotation_id]
        assert same.rle == target
        assert same.category == sample.category
        assert area(target) >= SMALLEST
        assert decode(target).sum() == area(target)
        assert (split.looks(sample.image_id)[sample.annotation_id % 100][:2] > 0).all()


@pytest.mark.parametrize("damage", ["truncate", "alter", "null", "empty pictures"])
def test_a_damaged_cache_is_noticed_and_made_again(cache, damage):
    good = scenes.load("scenes:train-2")
    file = cache / "train-2" / "scenes.json"
    if damage == "truncate":
        file.write_bytes(file.read_bytes()[:-40])
    elif damage == "null":
        file.write_text("null")
    elif damage == "empty pictures":
        (cache / "train-2" / "images.npy").write_bytes(b"")
    else:
        document = json.loads(file.read_text())
        document["samples"][0]["expression"] = "the other one"
        file.write_text(json.dumps(document))
    again = scenes.load("scenes:train-2")
    assert list(again.samples) == list(good.samples)
    assert json.loads(file.read_text())["sha256"] == good.sha256


def test_a_content_other_than_the_pinned_one_is_refused(cache, monkeypatch):
    monkeypatch.setitem(scenes.PINNED, "scenes:train-1", "0" * 64)
    with pytest.raises(RebenchError, match="has the hash"):
        scenes.load("scenes:train-1")


def test_without_a_cache_the_scenes_are_made_in_memory(tmp_path, monkeypatch, caplog):
    (tmp_path / "rebench").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert len(scenes.load("scenes:train-1").samples) == 5
    assert "not kept" in caplog.text


@pytest.mark.parametrize(
    "name", ["scenes:tests", "scenes:test-5", "scenes:train-0", "scenes:", f"scenes:train-{os.sep}x"]
)
def test_other_names_are_refused(name, cache):
    with pytest.raises(RebenchError, match="scenes:train-N"):
        scenes.load(name)


@pytest.mark.slow
def test_the_numbers_of_the_page_are_those_of_the_command():
    """docs/scenes.md quotes benchmarks/split_statistics.py."""
    root = Path(__file__).parents[2]
    script = runpy.run_path(str(root / "benchmarks" / "split_statistics.py"))
    found = script["statistics"](scenes.load("scenes:test"))
    page = (root / "docs" / "scenes.md").read_text()
    said = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", page, re.MULTILINE))
    for row, name in {
        "images": "images",
        "referents": "referents",
        "expressions": "expressions",
        "longest expression, words": "longest, words",
        "different words": "different words",
    }.items():
        assert said[row] == f"{found[name]:,}"
    cells = ("simple", "object-distracting only", "category-implicit only", "both")
    assert said[" / ".join(cells)] == " / ".join(str(found[cell]) for cell in cells)
    assert said["words per expression"] == f"{found['words per expression']:.2f}"
    rivals = found["same-category distractors per expression"]
    assert said["same-category distractors"] == f"{rivals:.2f} per expression"
    pronouns, negations = found["with a pronoun or 'one', share"], found["with a negation, share"]
    assert said['expressions with a pronoun or "one"'] == f"{100 * pronouns:.0f} %"
    assert said["expressions with a negation"] == f"{100 * negations:.0f} %"
