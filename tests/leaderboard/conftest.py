"""Runs on the stripes, and a board with three of them."""

import shutil

import pytest
from board_stripes import NOTHING, Stripes, description, shifted, write_masks

from rebench.importing import import_predictions
from rebench.leaderboard.board_file import new_board
from rebench.leaderboard.submit import submit


@pytest.fixture
def split(monkeypatch):
    """The stripes, also for whoever asks for a split by name."""
    split = Stripes()
    monkeypatch.setattr("rebench.data.catalogue.load_split", lambda name, data_root=None: split)
    return split


def a_run(folder, name, shift=1, wrong=0, masks=None):
    split = Stripes()
    masks = shifted(split, shift, wrong) if masks is None else masks
    return import_predictions(write_masks(folder / f"{name}.jsonl", masks), name, split, folder / "runs")


@pytest.fixture(scope="session")
def make_run(tmp_path_factory):
    """An imported run of shifted masks, or of those given; the same one is made once."""
    made = {}

    def make(name, shift=1, wrong=0, masks=None):
        key = name, shift, wrong, str(masks)
        if key not in made:
            made[key] = a_run(tmp_path_factory.mktemp("run"), name, shift, wrong, masks)
        return made[key]

    return make


@pytest.fixture
def empty(tmp_path, split):
    """The path of a board without entries."""
    path = tmp_path / "boards" / "stripes.json"
    path.parent.mkdir()
    new_board(path, description(split))
    return path


@pytest.fixture(scope="session")
def made_board(tmp_path_factory):
    """A folder with runs and a board of three entries; made once."""
    folder, split = tmp_path_factory.mktemp("made"), Stripes()
    (folder / "boards").mkdir()
    path = folder / "boards" / "stripes.json"
    new_board(path, description(split))
    for name, shift, wrong in (("good", 1, 0), ("fair", 2, 0), ("poor", 2, 3)):
        submit(a_run(folder, name, shift, wrong), path, NOTHING, split=split)
    return folder


@pytest.fixture
def board(made_board, tmp_path, split):
    """The path of a copy of the board with three entries whose predictions are beside it."""
    shutil.copytree(made_board / "boards", tmp_path / "boards", dirs_exist_ok=True)
    return tmp_path / "boards" / "stripes.json"
