"""`rebench score` and `rebench import`, from files to files."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from rebench.data.masks import encode
from rebench.data.split import Instance, Sample, Split
from rebench.errors import RebenchError
from rebench.evaluation import evaluate
from rebench.importing import import_predictions
from rebench.rescoring import rescore
from rebench.store.folder import RunFolder

pytestmark = pytest.mark.slow  # together they take seconds

HEIGHT, WIDTH = 12, 16


class Stripes(Split):
    """Three pictures, two expressions each, the referent a stripe."""

    name = "stripes:test"

    def __init__(self):
        self.samples = [
            Sample(
                f"stripes/{i}/{j}", i, i, j, i, "the dog on the left", HEIGHT, WIDTH, "dog", False, bool(j)
            )
            for i in range(3)
            for j in range(2)
        ]

    def image(self, image_id):
        return np.full((HEIGHT, WIDTH, 3), 40 * image_id, np.uint8)

    def mask(self, image_id):
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[:, 2 : 6 + image_id] = True
        return mask

    def target(self, sample, overlap="union"):
        return encode(self.mask(sample.image_id))

    def instances(self, image_id):
        return [Instance(image_id, "dog", False, encode(self.mask(image_id)))]


@pytest.fixture
def split(monkeypatch):
    split = Stripes()

    def load(name, data_root=None):
        if name != split.name:
            raise RebenchError(f"unknown split {name!r}")
        return split

    monkeypatch.setattr("rebench.data.catalogue.load_split", load)
    return split


@pytest.fixture
def masks(split):
    """Prediction by sample id: the referent shifted by one column."""
    return {s.sample_id: np.roll(split.mask(s.image_id), 1, axis=1) for s in split.samples}


@pytest.fixture
def rebench(split):
    from rebench.cli.main import app

    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def json_lines(path, masks, form=lambda rle: rle):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt") as file:
        for name, mask in masks.items():
            file.write(json.dumps({"sample_id": name, "rle": form(encode(mask))}) + "\n")
    return path


def parquet(path, masks, **extra):
    rows = [{"sample_id": name, "rle": encode(mask)["counts"], **extra} for name, mask in masks.items()]
    pd.DataFrame(rows).to_parquet(path)
    return path


def png_folder(path, masks, mode="L"):
    for name, mask in masks.items():
        file = path / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(mask.astype(np.uint8) * (1 if mode == "P" else 255))
        image.convert(mode).save(file) if mode == "1" else image.save(file)
    return path


def runs_length(rle):
    """The uncompressed form of one stripe: background, stripe, background."""
    from rebench.data.masks import decode

    flat = decode(rle).T.ravel()
    start, area = int(flat.argmax()), int(flat.sum())
    return {"size": rle["size"], "counts": [start, area, flat.size - start - area]}


FORMS = {
    "objects": lambda path, masks: json_lines(path / "p.jsonl", masks),
    "counts": lambda path, masks: json_lines(path / "p.jsonl", masks, lambda rle: rle["counts"]),
    "uncompressed": lambda path, masks: json_lines(path / "p.jsonl", masks, runs_length),
    "gzip": lambda path, masks: json_lines(path / "p.jsonl.gz", masks),
    "parquet": lambda path, masks: parquet(path / "p.parquet", masks),
    "parquet with size": lambda path, masks: parquet(path / "p.parquet", masks, height=HEIGHT, width=WIDTH),
    "png": lambda path, masks: png_folder(path / "p", masks),
    "png of ones": lambda path, masks: png_folder(path / "p", masks, "P"),
    "png of bits": lambda path, masks: png_folder(path / "p", masks, "1"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_scores(tmp_path, split, masks, form):
    reference = import_predictions(
        json_lines(tmp_path / "reference.jsonl", masks), "theirs", split, tmp_path / "a"
    )
    run = import_predictions(FORMS[form](tmp_path, masks), "theirs", split, tmp_path / "b")
    assert run == tmp_path / "b" / "stripes-test" / "theirs"
    for name in ("scores.parquet", "summary.json"):
        assert (run / name).read_bytes() == (reference / name).read_bytes()
    record = RunFolder(run).record
    assert (record.status, record.source, record.counts.ok) == ("complete", "imported", 6)
    assert len(record.source_sha256) == 64


def test_scores_are_those_of_the_masks(tmp_path, split, masks):
    run = RunFolder(import_predictions(json_lines(tmp_path / "p.jsonl", masks), "theirs", split, tmp_path))
    assert run.scores()["iou"].tolist() == pytest.approx([3 / 5, 3 / 5, 4 / 6, 4 / 6, 5 / 7, 5 / 7])
    assert run.predictions()["sample_id"].tolist() == [s.sample_id for s in split.samples]


def test_missing_samples_make_a_partial_run(tmp_path, split, masks):
    del masks["stripes/1/0"]
    run = RunFolder(import_predictions(json_lines(tmp_path / "p.jsonl", masks), "theirs", split, tmp_path))
    assert run.record.status == "partial"
    assert run.record.counts.missing == 1
    assert run.summary()["coverage"] == {
        "scored": 5, "in_split": 6, "official": None, "failed": 0, "missing": 1, "whole": False,
        "text": "5 of 6 expressions",
    }  # fmt: skip


def test_the_same_file_again_changes_nothing_and_another_is_refused(tmp_path, split, masks):
    file = json_lines(tmp_path / "p.jsonl", masks)
    run = import_predictions(file, "theirs", split, tmp_path)
    scores = (run / "scores.parquet").read_bytes()
    assert import_predictions(file, "theirs", split, tmp_path) == run
    assert len(RunFolder(run).predictions()) == 6
    assert (run / "scores.parquet").read_bytes() == scores
    other = json_lines(tmp_path / "q.jsonl", {"stripes/0/0": masks["stripes/0/0"]})
    with pytest.raises(RebenchError, match="--fresh"):
        import_predictions(other, "theirs", split, tmp_path)
    assert (run / "scores.parquet").read_bytes() == scores
    assert len(RunFolder(import_predictions(other, "theirs", split, tmp_path, fresh=True)).scores()) == 1


GOOD = encode(np.ones((HEIGHT, WIDTH), bool))


def line(name="stripes/0/0", rle=GOOD):
    return json.dumps({"sample_id": name, "rle": rle})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no prediction"),
        (f"{line()}\n{{", "line 2 is not JSON"),
        ("[" * 100_000, "line 1 is not JSON"),
        (line()[:-1] + ', "sample_id": "stripes/0/1"}', "a key stands there twice"),
        ("[1, 2]", "line 1: wants"),
        ('{"sample_id": "stripes/0/0"}', "line 1: wants"),
        ('{"sample_id": 7, "rle": "x"}', "line 1: wants"),
        (
            "\n".join(line(f"elsewhere/{i}/0") for i in range(5)),
            r"5 not in stripes:test \(elsewhere/0/0, .*, \.\.\.\)",
        ),
        (f"{line()}\n{line()}", r"1 given twice \(stripes/0/0\)"),
        (f"{line(rle=None)}\n{line()}", r"1 given twice .*1 without a mask that fits"),
        (
            line(rle=encode(np.ones((WIDTH, HEIGHT), bool))),
            r"1 without a mask that fits \(stripes/0/0: .*size",
        ),
        (line(rle=None), "1 without a mask that fits"),
        (line(rle=[]), "1 without a mask that fits"),
        (line(rle={"counts": GOOD["counts"]}), "1 without a mask that fits"),
        (line(rle={"size": [HEIGHT, WIDTH]}), "1 without a mask that fits"),
        (line(rle={"size": [HEIGHT, WIDTH], "counts": [5, 5]}), "add up to 10"),
        (line(rle={"size": [10**9, 10**9], "counts": "a"}), "1 without a mask that fits"),
        (line(rle="~~~"), "1 without a mask that fits"),
        (line(rle=""), "1 without a mask that fits"),
        (line(rle="ü"), "1 without a mask that fits"),
    ],
)
def test_json_lines_that_do_not_fit(tmp_path, split, text, message):
    file = tmp_path / "p.jsonl"
    file.write_text(text)
    with pytest.raises(RebenchError, match=message) as caught:
        import_predictions(file, "theirs", split, tmp_path / "runs")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "runs").exists(), "nothing is written"


def test_files_that_cannot_be_read(tmp_path, split, masks):
    packed = json_lines(tmp_path / "cut.jsonl.gz", masks)
    packed.write_bytes(packed.read_bytes()[:-20])
    (tmp_path / "not.jsonl.gz").write_text("{}")
    (tmp_path / "latin.jsonl").write_bytes(b'{"sample_id": "\xe9"}')
    (tmp_path / "not.parquet").write_text("x" * 50)
    (tmp_path / "masks.csv").write_text("")
    pd.DataFrame({"sample_id": ["a"], "mask": ["b"]}).to_parquet(tmp_path / "other.parquet")
    (tmp_path / "empty").mkdir()
    for name, message in {
        "cut.jsonl.gz": "could not read",
        "not.jsonl.gz": "could not read",
        "latin.jsonl": "could not read",
        "not.parquet": "could not read",
        "masks.csv": "cannot tell what",
        "other.parquet": "lacks the column rle",
        "empty": "holds no prediction",
        "nowhere.jsonl": "no file",
    }.items():
        with pytest.raises(RebenchError, match=message):
            import_predictions(tmp_path / name, "theirs", split, tmp_path / "runs")


def test_parquet_of_another_size(tmp_path, split, masks):
    with pytest.raises(RebenchError, match="6 without a mask that fits"):
        import_predictions(
            parquet(tmp_path / "p.parquet", masks, height=WIDTH, width=HEIGHT), "theirs", split
        )


def test_png_masks_that_do_not_fit(tmp_path, split, masks):
    folder = png_folder(tmp_path / "p", masks)
    Image.new("L", (WIDTH + 1, HEIGHT)).save(folder / "stripes/0/0.png")
    Image.new("RGB", (WIDTH, HEIGHT)).save(folder / "stripes/0/1.png")
    cut = folder / "stripes/1/0.png"
    cut.write_bytes(cut.read_bytes()[:50])
    with pytest.raises(RebenchError) as caught:
        import_predictions(folder, "theirs", split, tmp_path)
    assert "3 without a mask that fits" in str(caught.value)
    assert f"stripes/0/0: size {HEIGHT} x {WIDTH + 1}, wants {HEIGHT} x {WIDTH}" in str(caught.value)
    assert "stripes/0/1: mode RGB, wants one channel" in str(caught.value)
    assert "stripes/1/0: not a readable PNG" in str(caught.value)


def test_a_nameless_model_and_an_unknown_protocol(tmp_path, split, masks):
    file = json_lines(tmp_path / "p.jsonl", masks)
    with pytest.raises(RebenchError, match="needs a name"):
        import_predictions(file, " ", split, tmp_path)
    with pytest.raises(RebenchError, match="unknown protocol 'olympic', known: original"):
        import_predictions(file, "theirs", split, tmp_path, "olympic")


class Half:
    """Answers with the left half of the picture."""

    def predict(self, image, expressions):
        mask = np.zeros(image.shape[:2], bool)
        mask[:, : image.shape[1] // 2] = True
        return [mask] * len(expressions)


class Failing(Half):
    def predict(self, image, expressions):
        if image[0, 0, 0] == 40:
            raise ValueError("no")
        return super().predict(image, expressions)


class Hopeless:
    def predict(self, image, expressions):
        raise ValueError("no")


def contents(run):
    return [(run / name).read_bytes() for name in ("scores.parquet", "summary.json")]


def test_scoring_again_gives_the_same_bytes(tmp_path, split):
    run = evaluate(Half(), split, out=tmp_path, seed=3).path
    before = contents(run)
    for name in ("scores.parquet", "summary.json"):
        (run / name).unlink()
    rescore(run)
    assert contents(run) == before


def test_a_run_without_any_score_still_has_its_files(tmp_path, split):
    run = evaluate(Hopeless(), split, out=tmp_path)
    assert run.failed == 6
    assert run.summary["overall"]["miou"] == {"value": None, "low": None, "high": None}
    schema = pq.read_schema(run.path / "scores.parquet")
    assert schema == pq.read_schema(evaluate(Half(), split, out=tmp_path).path / "scores.parquet")


def test_another_split_of_that_name_is_refused(tmp_path, split):
    run = evaluate(Half(), split, out=tmp_path).path
    before = contents(run)
    split.samples = split.samples[:4]
    del split.manifest
    with pytest.raises(RebenchError, match="made on another stripes:test"):
        rescore(run)
    assert contents(run) == before


def test_a_picture_is_drawn_of_the_split_of_the_run_only(tmp_path, split, rebench):
    run = evaluate(Half(), split, out=tmp_path).path
    assert rebench("draw", run, "--out", tmp_path / "a.png").exit_code == 0
    assert "does not end in .png" in rebench("draw", run, "--out", tmp_path / "a.jpg").stderr
    split.samples = split.samples[:4]
    del split.manifest
    done = rebench("draw", run, "--out", tmp_path / "b.png")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "made on another stripes:test" in done.stderr
    assert not (tmp_path / "b.png").exists()


def test_what_others_wrote_cannot_steer_the_terminal(tmp_path, rebench):
    file = tmp_path / "p.jsonl"
    file.write_text(line("\x1b[31mred\n\u202eid"))
    done = rebench("import", file, "--model", "m", "--split", "stripes:test", "--out", tmp_path)
    assert done.exit_code == 2
    assert r"1 not in stripes:test (\x1b[31mred \u202eid)" in done.stderr


def test_the_commands_print_one_json_document(tmp_path, masks, rebench):
    file = json_lines(tmp_path / "p.jsonl", masks)
    imported = rebench(
        "import", file, "--model", "theirs", "--split", "stripes:test", "--out", tmp_path, "--json"
    )
    assert imported.exit_code == 0, imported.stderr
    document = json.loads(imported.stdout)
    assert document["runs"][0]["summary"]["overall"]["n"] == 6
    again = rebench("score", Path(document["runs"][0]["path"]), "--json")
    assert again.exit_code == 0, again.stderr
    assert json.loads(again.stdout)["runs"][0]["summary"] == document["runs"][0]["summary"]
    assert "theirs on stripes:test" in again.stderr
    assert "overall" in again.stderr


def test_a_run_with_failed_samples_scores_with_exit_code_1(tmp_path, split, rebench):
    run = evaluate(Failing(), split, out=tmp_path)
    assert run.failed == 2
    scored = rebench("score", run.path)
    assert scored.exit_code == 1
    assert "2 failed" in scored.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["score", "nowhere"], "nowhere is not a run"),
        (["import", "nowhere.jsonl", "--model", "m", "--split", "stripes:test"], "no file nowhere.jsonl"),
        (["import", "x.jsonl", "--model", "m", "--split", "strips"], "unknown split 'strips'"),
    ],
)
def test_wrong_requests_are_one_line_and_exit_code_2(rebench, words, message):
    result = rebench(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
