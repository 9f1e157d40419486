"""What damaged data does to a whole `rebench run`: one clear line and 2, or failed samples and 1."""

import json
import os
import pickle
import shutil

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from rebench.cli.main import app

pytestmark = pytest.mark.slow  # together they take seconds

REFS, ENTITIES = "refcoco/refs(unc).p", "arefcoco/arefcoco.json"


@pytest.fixture
def run(tiny_root, tmp_path):
    """Runs the mock on aRefCOCO (five expressions: three of annotation 11, one of 12, one of 21)."""

    def start(*more):
        words = ["run", "-m", "rebench.predict.mock:Mock", "-s", "arefcoco"]
        places = ["--data-root", str(tiny_root.path), "--out", str(tmp_path / "runs")]
        return CliRunner().invoke(app, [*words, *places, *more, "--json"])

    return start


def cut(root, name):
    content = root.file(name).read_bytes()
    root.file(name).write_bytes(content[: len(content) // 2])


def hostile(root):
    root.file(REFS).write_bytes(pickle.dumps([os.system], 2))


def entity(**fields):
    def change(root):
        root.arefcoco["annotations"][1].update(fields)
        root.write()

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda root: shutil.rmtree(root.path), "give --data-root or set REBENCH_DATA"),
        (lambda root: root.file(REFS).unlink(), "is this the data root (--data-root, REBENCH_DATA)?"),
        (lambda root: cut(root, REFS), "not a readable pickle"),
        (hostile, "system: refused"),
        (lambda root: cut(root, ENTITIES), "not valid JSON"),
        (lambda root: root.file(ENTITIES).write_text("{}"), 'no key "annotations"'),
        (entity(ref_id=999), "ref_id 999 is not in"),
        (entity(ref_id=10**30), "a number beyond 64 bits"),
        (entity(ref_id=8, original_dataset="refcocog"), "is original_dataset wrong?"),
    ],
)
def test_files_that_are_not_as_released_end_the_run_before_it_begins(
    run, tiny_root, tmp_path, damage, message
):
    damage(tiny_root)
    done = run()
    assert done.exit_code == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def segmentation(value):
    def change(root):
        root.instances["refcoco"]["annotations"][0]["segmentation"] = value
        root.write()

    return change


def picture(save):
    def change(root):
        with Image.open(root.picture(1)) as image:
            image.load()
        save(image, root.picture(1))

    return change


BROKEN_MASK = "the target of arefcoco-refcoco/7/0 cannot be used, `rebench data check --deep arefcoco:test`"


@pytest.mark.parametrize(
    ("damage", "failed", "message"),
    [
        (lambda root: root.picture(1).unlink(), 4, "no file"),
        (lambda root: cut(root, root.picture(1).relative_to(root.path)), 4, "cannot be decoded"),
        (picture(lambda image, path: image.resize((9, 9)).save(path)), 4, "has 9 x 9 pixels"),
        (segmentation([[5, 5, 5, 5, 5, 5]]), 3, BROKEN_MASK),
        (segmentation([[900, 900, 950, 900, 950, 950]]), 3, BROKEN_MASK),
        (segmentation({"size": [40, 60], "counts": [1, 2]}), 3, BROKEN_MASK),
        (segmentation({"size": [10**9, 10**9], "counts": [10**18]}), 3, BROKEN_MASK),
        (segmentation([]), 3, BROKEN_MASK),
    ],
)
def test_a_broken_picture_or_mask_fails_its_expressions_only(run, tiny_root, damage, failed, message):
    damage(tiny_root)
    done = run()
    assert done.exit_code == 1
    assert f"{failed} expressions failed: " in done.stderr
    assert message in done.stderr
    (run_,) = json.loads(done.stdout)["runs"]
    assert run_["summary"]["coverage"]["failed"] == failed
    assert run_["summary"]["overall"]["n"] == 5 - failed


def rotated(image, path):
    exif = Image.Exif()
    exif[0x0112] = 6
    image.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)


@pytest.mark.parametrize(
    "save",
    [
        lambda image, path: image.convert("CMYK").save(path),
        lambda image, path: image.convert("L").save(path),
        lambda image, path: Image.fromarray(np.asarray(image)[..., 0].astype(np.uint16)).save(path, "PNG"),
        rotated,
    ],
)
def test_odd_pictures_are_read(run, tiny_root, save):
    picture(save)(tiny_root)
    done = run()
    assert done.exit_code == 0, done.stderr


ODD = ["", "word " * 500, "le café à gauche", "左边的猫", "the 🐈‍⬛ on the left", "a\tb\nc \x1b[31m"]


def test_odd_expressions_are_predicted_stored_and_scored_as_they_are(run, tiny_root, tmp_path):
    entity(descriptions=ODD)(tiny_root)
    done = run()
    assert done.exit_code == 0, done.stderr
    import pandas as pd

    (path,) = (tmp_path / "runs").glob("*/*")
    stored = pd.read_parquet(path / "predictions.parquet")
    assert [text for text in stored["expression"] if text in ODD] == ODD
    assert len(pd.read_parquet(path / "scores.parquet")) == len(stored)
