"""The picture of predictions: right samples in right columns, for odd pictures too."""

import numpy as np
import PIL.Image
import pytest

from rebench import evaluate
from rebench.errors import RebenchError
from rebench.predict.mock import Mock
from rebench.report.gallery import CAPTION, HEADING, LEGEND, MARGIN, PREDICTION, TILE, draw_gallery
from rebench.scenes.split import load

pytestmark = pytest.mark.slow  # together they take seconds


class Everything:
    """Predicts the whole picture."""

    def predict(self, image, expressions):
        return [np.ones(image.shape[:2], bool) for _ in expressions]


@pytest.fixture(scope="module")
def split():
    return load("scenes:train-6")


def test_a_column_per_group_and_the_prediction_in_its_colour(tmp_path, split):
    run = evaluate(Everything(), split, out=tmp_path)
    draw_gallery(run, split, tmp_path / "deep" / "p.png", rows=2)
    picture = np.asarray(PIL.Image.open(tmp_path / "deep" / "p.png")).astype(int)
    assert picture.shape == (HEADING + 2 * (TILE + CAPTION) + LEGEND, MARGIN + 4 * (TILE + MARGIN), 3)
    tile = picture[HEADING : HEADING + TILE, MARGIN : MARGIN + TILE]
    assert (tile[..., 2] > tile[..., 0]).mean() > 0.9, f"a full mask is tinted {PREDICTION}"


def test_the_seed_alone_chooses(tmp_path, split):
    run = evaluate(Mock(), split, out=tmp_path)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        draw_gallery(run, split, tmp_path / name, rows=1, seed=seed)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path, split):
    run = evaluate(Mock(), split, out=tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(RebenchError, match="could not write"):
        draw_gallery(run, split, tmp_path / "file" / "p.png")


def test_predictions_that_are_lost_are_not_drawn(tmp_path, split):
    run = evaluate(Mock(), split, out=tmp_path)
    for shard in (run.path / "predictions.parquet").iterdir():
        shard.unlink()
    with pytest.raises(RebenchError, match="no scored expression"):
        draw_gallery(run, split, tmp_path / "p.png")
