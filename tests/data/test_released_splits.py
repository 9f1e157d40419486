import os
import pickle

import numpy as np
import pytest

from rebench.data import masks
from rebench.data.catalogue import load_split
from rebench.errors import RebenchError


def load_error(name, root):
    with pytest.raises(RebenchError) as error:
        load_split(name, root)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_refcoco_samples_stand_by_image_ref_and_sentence(tiny_root):
    split = load_split("refcoco:val", tiny_root.path)
    assert [(s.sample_id, s.expression) for s in split.samples] == [
        ("refcoco/7/1", "left cat"),
        ("refcoco/7/2", "cat"),
        ("refcoco/8/4", "the one on the right"),
        ("refcoco/8/3", "standing person"),
    ]
    first = split.samples[0]
    assert (first.image_id, first.annotation_id, first.category) == (1, 11, "cat")
    assert (first.height, first.width) == (40, 60)
    assert first.object_distracting is None
    assert split.labels == "tagger"


def test_a_subset_never_passes_for_the_whole(tiny_root):
    split = load_split("refcoco:val", tiny_root.path)
    assert not split.whole
    assert split.coverage == "4 of 10,834 expressions"
    assert (split.counts.images, split.counts.refs, split.counts.expressions) == (1, 2, 4)


def test_targets_images_and_instances(tiny_root):
    split = load_split("refcoco:val", tiny_root.path)
    cat, _, person, _ = split.samples
    assert masks.area(split.target(cat)) == 400
    assert masks.area(split.target(person)) == 600
    assert masks.area(split.target(person, "released")) == 500  # 100 pixels are under both polygons
    assert split.image(1).shape == (40, 60, 3)
    assert [(i.annotation_id, i.category, i.crowd) for i in split.instances(1)] == [
        (11, "cat", False),
        (12, "person", False),
    ]
    with pytest.raises(RebenchError, match="no image 2"):
        split.image(2)


def test_arefcoco_resolves_ref_ids_by_their_data_set(tiny_root):
    split = load_split("arefcoco", tiny_root.path)
    assert split.name == "arefcoco:test"
    assert [(s.sample_id, s.annotation_id, s.expression) for s in split.samples] == [
        ("arefcoco-refcoco/7/0", 11, "the one left of the person"),
        ("arefcoco-refcoco/7/1", 11, "it is not standing"),
        ("arefcoco-refcoco/7/2", 11, "it is on the left"),  # from another entity of the same object
        ("arefcoco-refcoco/8/0", 12, "he stands beside the cat"),
        ("arefcoco-refcocog/7/0", 21, "it is in the corner"),
    ]
    assert split.counts.refs == 3
    assert [s.sample_id for s in load_split("arefcoco:train", tiny_root.path).samples] == [
        "arefcoco-refcoco/6/0"
    ]


def test_arefcoco_instances_are_those_of_both_data_sets_once(tiny_root):
    split = load_split("arefcoco", tiny_root.path)
    found = split.instances(1)
    assert [(i.annotation_id, i.crowd) for i in found] == [(11, False), (12, False), (13, True)]
    assert [masks.area(i.rle) for i in found] == [400, 600, 40]


def test_the_manifest_hash_follows_the_samples_and_not_the_order_of_the_files(tiny_root):
    before = load_split("arefcoco", tiny_root.path).manifest.sha256
    tiny_root.refs["refcoco/refs(unc).p"].reverse()
    tiny_root.write(protocol=0)
    assert load_split("arefcoco", tiny_root.path).manifest.sha256 == before
    tiny_root.arefcoco["annotations"][0]["descriptions"] = ["It is in the corner."]
    tiny_root.write()
    assert load_split("arefcoco", tiny_root.path).manifest.sha256 != before


@pytest.mark.parametrize(
    "text", ["", " ".join(["word"] * 500), "le café à gauche", "左边的猫", "the 🐈 on the left", "a\tb\nc"]
)
def test_expressions_are_kept_as_they_are(tiny_root, text):
    tiny_root.refs["refcoco/refs(unc).p"][0]["sentences"][0]["sent"] = text
    tiny_root.arefcoco["annotations"][0]["descriptions"] = [text]
    tiny_root.write()
    assert text in [s.expression for s in load_split("refcoco:val", tiny_root.path).samples]
    split = load_split("arefcoco", tiny_root.path)
    assert text in [s.expression for s in split.samples]
    assert len(split.manifest.sha256) == 64


def test_half_a_surrogate_pair_is_refused(tiny_root):
    tiny_root.arefcoco["annotations"][0]["descriptions"] = ["\ud83d"]
    tiny_root.write()
    assert "not valid Unicode" in load_error("arefcoco", tiny_root.path)


def test_numpy_ids_are_read_as_numbers(tiny_root):
    ref = tiny_root.refs["refcoco/refs(unc).p"][0]
    ref.update(ref_id=np.int64(8), ann_id=np.int64(12), image_id=np.uint32(1))
    tiny_root.write()
    assert load_split("refcoco:val", tiny_root.path).samples[2].sample_id == "refcoco/8/4"


def test_a_missing_data_root_names_the_remedy(tmp_path):
    assert "give --data-root or set REBENCH_DATA" in load_error("arefcoco", tmp_path / "nowhere")


@pytest.mark.parametrize(
    "name",
    ["arefcoco/arefcoco.json", "refcoco/refs(unc).p", "refcocog/instances.json", "refcoco/instances.json"],
)
def test_a_missing_file_is_named(tiny_root, name):
    tiny_root.file(name).unlink()
    message = load_error("arefcoco", tiny_root.path)
    assert f"no file {tiny_root.file(name)}" in message
    assert "rebench data check" in message


def test_a_split_without_refs_is_an_error(tiny_root):
    assert "no ref of split train" in load_error("refcoco:train", tiny_root.path)
    tiny_root.arefcoco["annotations"] = []
    tiny_root.write()
    assert "no entity of split test" in load_error("arefcoco", tiny_root.path)


@pytest.mark.parametrize("key", ["entity_id", "ref_id", "original_dataset", "split", "descriptions"])
@pytest.mark.parametrize("wrong", ["missing", None, 1.5, {"a": 1}, True])
def test_a_broken_entity_is_named(tiny_root, key, wrong):
    entity = tiny_root.arefcoco["annotations"][2]
    entity[key] = wrong
    if wrong == "missing":
        del entity[key]
    tiny_root.write()
    message = load_error("arefcoco", tiny_root.path)
    assert "arefcoco.json: annotations[2]" in message
    assert "entity" in message


@pytest.mark.parametrize(
    "text", ["", "{", "[1, 2]", '"text"', "{}", '{"annotations": {}}', '{"annotations": [3]}']
)
@pytest.mark.parametrize("name", ["arefcoco/arefcoco.json", "refcoco/instances.json"])
def test_json_without_the_keys_is_refused(tiny_root, name, text):
    tiny_root.file(name).write_text(text)
    assert tiny_root.file(name).name in load_error("arefcoco", tiny_root.path)


def test_a_ref_id_that_does_not_exist_names_the_entity(tiny_root):
    tiny_root.arefcoco["annotations"][2]["ref_id"] = 999
    tiny_root.write()
    message = load_error("arefcoco", tiny_root.path)
    assert "entity 2: ref_id 999 is not in" in message
    assert "original_dataset" not in message


@pytest.mark.parametrize("both_used", [True, False])
def test_a_ref_id_of_the_other_data_set_only_says_so(tiny_root, both_used):
    entities = tiny_root.arefcoco["annotations"]
    entities[2]["original_dataset"] = "refcocog"  # ref_id 8 is in refcoco only
    if not both_used:
        tiny_root.arefcoco["annotations"] = [entities[0], entities[2]]
    tiny_root.write()
    message = load_error("arefcoco", tiny_root.path)
    assert "entity 2: ref_id 8 is not in" in message
    assert "refs(unc).p: is original_dataset wrong?" in message


def test_an_unknown_original_dataset_is_refused(tiny_root):
    tiny_root.arefcoco["annotations"][1]["original_dataset"] = "refcoco+"
    tiny_root.write()
    assert "unknown original_dataset 'refcoco+'" in load_error("arefcoco", tiny_root.path)


@pytest.mark.parametrize("key", ["ref_id", "ann_id", "image_id", "split", "sentences"])
def test_a_broken_ref_is_named(tiny_root, key):
    tiny_root.refs["refcoco/refs(unc).p"][1][key] = [3.5]
    tiny_root.write()
    message = load_error("refcoco:val", tiny_root.path)
    assert "refs(unc).p: ref 1" in message
    del tiny_root.refs["refcoco/refs(unc).p"][1][key]
    tiny_root.write()
    assert f'no key "{key}"' in load_error("refcoco:val", tiny_root.path)


def test_a_ref_id_or_sent_id_that_is_there_twice_is_refused(tiny_root):
    refs = tiny_root.refs["refcoco/refs(unc).p"]
    refs[0]["sentences"][1]["sent_id"] = 4
    tiny_root.write()
    assert "a sent_id is there twice" in load_error("refcoco:val", tiny_root.path)
    refs[0]["sentences"][1]["sent_id"] = 3
    refs[0]["ref_id"] = 7
    tiny_root.write()
    assert "ref_id 7 is there twice" in load_error("refcoco:val", tiny_root.path)


def test_a_ref_without_its_picture_or_annotation_is_refused(tiny_root):
    refs = tiny_root.refs["refcoco/refs(unc).p"]
    refs[0]["ann_id"] = 4711
    tiny_root.write()
    assert "annotation 4711 of image 1" in load_error("refcoco:val", tiny_root.path)
    refs[0]["image_id"] = 99
    tiny_root.write()
    assert "on image 99, which" in load_error("refcoco:val", tiny_root.path)


def test_a_pickle_of_something_else_is_refused(tiny_root):
    tiny_root.refs["refcoco/refs(unc).p"] = {"refs": []}
    tiny_root.write()
    assert "wants a list of refs" in load_error("refcoco:val", tiny_root.path)


def test_a_truncated_and_a_hostile_pickle_are_refused(tiny_root):
    file = tiny_root.file("refcoco/refs(unc).p")
    written = file.read_bytes()
    file.write_bytes(written[: len(written) // 2])
    assert "not a readable pickle" in load_error("refcoco:val", tiny_root.path)
    file.write_bytes(pickle.dumps([os.system], 2))
    assert "system: refused" in load_error("refcoco:val", tiny_root.path)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "", "a/b.jpg"])
def test_a_picture_stays_in_its_folder(tiny_root, name):
    tiny_root.instances["refcoco"]["images"][0]["file_name"] = name
    tiny_root.write()
    assert "not a plain file name" in load_error("refcoco:val", tiny_root.path)


def test_pictures_that_the_two_data_sets_annotate_differently_are_refused(tiny_root):
    tiny_root.instances["refcocog"]["images"][0]["height"] = 41
    tiny_root.write()
    assert "image 1 has another size" in load_error("arefcoco", tiny_root.path)


@pytest.mark.parametrize(
    "segmentation",
    [None, [], [[1, 2, 3]], {"size": [40, 60], "counts": [1, 2]}, {"size": [9**9, 9**9], "counts": [1]}],
)
def test_a_broken_mask_names_its_annotation(tiny_root, segmentation):
    tiny_root.instances["refcoco"]["annotations"][0]["segmentation"] = segmentation
    tiny_root.write()
    split = load_split("refcoco:val", tiny_root.path)
    with pytest.raises(RebenchError, match="annotation 11 of image 1: invalid mask"):
        split.target(split.samples[0])
    with pytest.raises(RebenchError, match="annotation 11 of image 1"):
        split.instances(1)


def test_a_polygon_outside_of_the_picture_is_an_empty_mask(tiny_root):
    tiny_root.instances["refcoco"]["annotations"][0]["segmentation"] = [[100, 100, 120, 100, 120, 120]]
    tiny_root.write()
    split = load_split("refcoco:val", tiny_root.path)
    assert masks.area(split.target(split.samples[0])) == 0


REAL = ["arefcoco:test", "arefcoco:train", "refcoco:val", "refcoco:testA", "refcoco:testB", "refcocog:test"]


@pytest.mark.parametrize("name", REAL)
def test_every_mask_of_the_photographs_has_the_annotated_area(real_root, name):
    split = load_split(name, real_root)
    assert not split.whole
    assert len({s.sample_id for s in split.samples}) == len(split.samples)
    for sample in split.samples:
        annotated = split.annotation(sample).area
        assert abs(masks.area(split.target(sample)) - annotated) <= 0.01 * annotated
        assert split.target(sample, "released") == split.target(sample)
    for image_id in split.pictures:
        assert split.image(image_id).dtype == np.uint8
        assert split.instances(image_id)


def test_the_photographs_are_the_188_of_7050(real_root):
    assert load_split("arefcoco", real_root).coverage == "188 of 7,050 expressions"
