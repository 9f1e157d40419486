"""`rebench train` by a paper's recipe: what is refused before anything is read or written."""

import json
import pickle
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from rebench.cli.main import app
from rebench.predict import trainers


@pytest.fixture
def root(tmp_path):
    """A RefCOCO whose train and val share image 2, and whose train is tested on by aRefCOCO (image 1)."""
    refs = []
    for ref_id, (image_id, split) in enumerate([(1, "train"), (2, "train"), (3, "train"), (2, "val")], 1):
        sentence = {"sent_id": ref_id, "sent": "a box", "raw": "a box", "tokens": ["a", "box"]}
        refs.append(
            {
                "ref_id": ref_id,
                "ann_id": 10 * image_id,
                "image_id": image_id,
                "split": split,
                "category_id": 1,
            }
            | {"sentences": [sentence], "sent_ids": [ref_id]}
        )
    images = [
        {"id": i, "file_name": f"{i}.jpg", "height": 20, "width": 20, "coco_url": ""} for i in (1, 2, 3)
    ]
    outline = [[2.0, 2.0, 9.0, 2.0, 9.0, 9.0, 2.0, 9.0]]
    annotations = [
        {"id": 10 * i, "image_id": i, "category_id": 1, "iscrowd": 0, "area": 49.0, "segmentation": outline}
        for i in (1, 2, 3)
    ]
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "box"}]}
    for folder in ("refcoco", "arefcoco"):
        (tmp_path / "data" / folder).mkdir(parents=True)
    (tmp_path / "data/refcoco/instances.json").write_text(json.dumps(document))
    (tmp_path / "data/refcoco/refs(unc).p").write_bytes(pickle.dumps(refs, 2))
    entity = {"entity_id": 1, "ref_id": 1, "original_dataset": "refcoco", "split": "test"}
    entities = {"annotations": [{**entity, "descriptions": ["it is a box"]}]}
    (tmp_path / "data/arefcoco/arefcoco.json").write_text(json.dumps(entities))
    return tmp_path / "data"


@pytest.fixture
def requests(monkeypatch):
    """The requests that get through, with nothing trained."""
    taken = []

    class Entry:
        name = "mock"

        def load(self):
            return self

        def train(self, request, progress):
            taken.append(request)
            progress.begin(0, 2)
            progress.report(1, {})
            progress.report(2, {"loss": 0.5})
            return request.out / "model.safetensors"

    monkeypatch.setattr(
        trainers, "entry_points", lambda group: [Entry()] if group == trainers.RECIPES else []
    )
    return taken


def train(root, *words, split="refcoco:train", val="refcoco:val"):
    request = ["train", "--model", "mock:big", "--split", split, "--data-root", root, "--device", "cpu"]
    request += ["--val", val] if val else []
    return CliRunner().invoke(app, [str(w) for w in (*request, *words)])


def one_line(result):
    assert result.exit_code == 2, result.stderr
    (line,) = result.stderr.strip().splitlines()
    return line


def test_images_that_are_judged_on_are_refused_with_their_number(root, requests):
    line = one_line(train(root))
    assert "refcoco:train shares 1 image with refcoco:val and 1 image with arefcoco:test" in line
    assert "--drop-overlap leaves them out (2)" in line
    assert not requests


def test_they_can_be_left_out(root, requests, tmp_path):
    result = train(root, "--drop-overlap", "--out", tmp_path / "out", "--seed", 4, "--set", "lr=0.1")
    assert result.exit_code == 0, result.stderr
    (request,) = requests
    assert request.without == {1, 2}
    assert request.judged == ("refcoco:val", "arefcoco:test")
    assert request.settings == ("lr=0.1", "seed=4")
    assert (request.variant, request.val.name) == ("big", "refcoco:val")
    assert "loss 0.5" in result.stderr


def test_who_names_what_is_judged_is_asked_about_that_and_val_alone(root, requests):
    line = one_line(train(root, "--judge", "refcoco:val"))
    assert "arefcoco" not in line
    assert "leaves them out (1)" in line
    assert "arefcoco:test" in one_line(train(root, "--judge", "arefcoco"))


@pytest.mark.parametrize(
    ("words", "options", "message"),
    [
        ([], {"val": None}, "give --val SPLIT"),
        ([], {"val": "refcoco:train"}, "cannot train on refcoco:train and judge by it"),
        ([], {"split": "refcoco:trian"}, "did you mean refcoco:train"),
        ([], {"split": "refcocog:train"}, "no file"),
        (["--judge", "nowhere"], {}, "unknown split 'nowhere'"),
        (["--steps", "3"], {}, "--steps is for training the tiny variants on scenes: --set"),
        (["--drop-overlap", "--device", "abacus"], {}, "unknown device"),
        (["--model", "nobody"], {}, "no recipe for 'nobody'; known: mock"),
    ],
)
def test_wrong_requests_are_one_line_and_2(root, requests, words, options, message):
    assert message in one_line(train(root, *words, **options))
    assert not requests


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--recipe", "safir"], "did you mean safire? it has safire"),
        (["--set", "lrr=1"], "a recipe has no field 'lrr': did you mean lr"),
        (["--model", "safire:huge"], "safire:huge has no recipe"),
    ],
)
def test_recipes_are_named_where_they_are_known(root, words, message, tmp_path):
    given = [
        "train",
        "--model",
        "safire:base",
        "--split",
        "refcoco:train",
        "--data-root",
        root,
        "--drop-overlap",
    ]
    given += ["--val", "refcoco:val", "--device", "cpu", "--out", tmp_path / "out", *words]
    result = CliRunner().invoke(app, [str(word) for word in given])
    assert message in one_line(result)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_paper_recipe_is_not_shown_for_a_tiny_variant():
    result = CliRunner().invoke(app, ["train", "--model", "safire:tiny", "--show"])
    assert "safire:tiny has no recipe of a paper: of safire, base can" in one_line(result)


@pytest.mark.parametrize(
    "words", [["--set", "lr=1"], ["--judge", "refcoco:val"], ["--drop-overlap"], ["--threads", "2"]]
)
def test_options_that_would_do_nothing_on_scenes_are_refused(words, requests):
    result = CliRunner().invoke(app, ["train", "--model", "safire:tiny", *words])
    assert f"{words[0]} is for training by a paper's recipe: give --val" in one_line(result)


@pytest.mark.slow
def test_a_recipe_is_shown_with_its_changes():
    words = ["train", "--model", "risam", "--split", "refcoco:train", "--set", "epochs=3", "--show"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.stderr
    fields = json.loads(result.stdout)
    assert (fields["epochs"], fields["max_words"], fields["optimizer"]) == (3, 17, "adam")


def test_nothing_heavy_is_imported_for_the_help():
    code = "import sys, rebench.cli.train, rebench.data.overlap; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
