"""Which splits share images, and what that means for training."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from rebench.cli.main import app
from rebench.data.catalogue import CATALOGUE
from rebench.data.overlap import Overlap, find_leak, find_overlap, judged_by_default
from rebench.errors import RebenchError


def overlap(*words):
    return CliRunner().invoke(app, ["data", "overlap", *map(str, words)])


@pytest.fixture
def family(tiny_root):
    """Image 1 is RefCOCO's val and RefCOCOg's train; image 2 is RefCOCO's testA and (made up) train."""
    for name, ref_id, ann_id, image_id in (
        ("refcocog/refs(umd).p", 9, 11, 1),
        ("refcoco/refs(unc).p", 5, 21, 2),
    ):
        another = {"ref_id": ref_id, "ann_id": ann_id, "image_id": image_id, "split": "train"}
        tiny_root.refs[name].append(tiny_root.refs[name][0] | another)
    tiny_root.write()
    return tiny_root.path


def test_the_matrix_counts_images_and_not_expressions(family):
    found = find_overlap((), family)
    assert found.images["refcoco:val"] == {1}
    assert found.images["arefcoco:test"] == {1, 2}
    cell = found.shared("arefcoco:test", "refcoco:val")
    assert (cell.images, cell.share) == (1, 0.5)
    assert found.shared("refcoco:val", "arefcoco:test").share == 1.0
    assert found.shared("refcoco:val", "refcoco:testA").images == 0
    assert found.shared("refcocog:train", "refcoco:val").images == 1
    assert "refcoco+:train" in found.missing
    assert {*found.images, *found.missing} == set(CATALOGUE)


def test_it_agrees_with_the_splits_as_they_are_loaded(family):
    from rebench import load_split

    found = find_overlap((), family)
    for name, ids in found.images.items():
        assert ids == {s.image_id for s in load_split(name, family).samples}


@given(st.dictionaries(st.sampled_from("abcde"), st.frozensets(st.integers(0, 9)), min_size=1))
def test_the_counts_are_symmetric_and_the_shares_are_of_the_row(images):
    rows = Overlap(images, {}).rows()
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            assert cell.images == rows[j][i].images
            assert cell.share * len(images[cell.split]) == pytest.approx(cell.images)
    assert all(row[i].images == len(images[row[i].split]) for i, row in enumerate(rows))


def test_a_leak_names_its_pairs_and_its_images(family):
    leak = find_leak(["refcocog:train", "refcoco:train"], ["refcoco:val", "refcoco:testA"], family)
    assert leak.images == {1, 2}
    assert str(leak) == (
        "refcocog:train shares 1 image with refcoco:val; refcoco:train shares 1 image with refcoco:testA"
    )
    assert not find_leak(["refcocog:train"], ["refcoco:testA"], family).images


def test_what_is_judged_unless_said_otherwise(family):
    own = ["refcoco:val", "refcoco:testA"]  # no testB in these files
    assert judged_by_default(["refcoco:train"], family) == ["arefcoco:test", *own]
    assert judged_by_default(["refcoco:train", "refcocog:train"], family) == [
        "arefcoco:test",
        *own,
        "refcocog:test",
    ]
    assert judged_by_default(["arefcoco:train"], family) == ["arefcoco:test"]
    assert judged_by_default(["scenes:train"], family) == ["scenes:val", "scenes:test"]
    both = judged_by_default(["refcoco:train", "scenes:test"], family)
    assert {"scenes:test", "refcoco:testA"} <= set(both)


def test_a_named_split_that_is_not_at_hand_is_an_error(family):
    with pytest.raises(RebenchError, match=r"refcoco\+"):
        find_overlap(["refcoco+:val"], family)
    with pytest.raises(RebenchError, match="unknown split"):
        find_overlap(["refcoco:tset"], family)
    result = overlap("refcoco+:val", "--data-root", family)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


def test_the_command_prints_the_matrix_and_its_json(family):
    result = overlap("--data-root", family)
    assert result.exit_code == 0
    assert "arefcoco:test" in result.stdout
    assert "50%" in result.stdout
    assert "not at hand: " in result.stdout
    assert "refcoco+:train" in result.stdout
    document = json.loads(overlap("--data-root", family, "--json").stdout)
    assert document["splits"]["arefcoco:test"] == 2
    cells = {(c["split"], c["other"]): (c["images"], c["share"]) for c in document["shared"]}
    assert cells["arefcoco:test", "refcoco:val"] == (1, 0.5)
    assert len(cells) == len(document["splits"]) * (len(document["splits"]) - 1)


def test_two_named_splits_alone(family):
    document = json.loads(overlap("refcoco:val", "arefcoco", "--data-root", family, "--json").stdout)
    assert list(document["splits"]) == ["refcoco:val", "arefcoco:test"]


@pytest.mark.slow
def test_a_small_part_of_the_scenes_is_the_beginning_of_a_large_one():
    found = find_overlap(["scenes:train-4", "scenes:train-6"])
    assert found.shared("scenes:train-6", "scenes:train-4").images == 4
