"""NAME=FOLDER, as `compare`, `report` and `table` read it."""

import pytest

from rebench.comparing import name_and_folder
from rebench.errors import RebenchError


@pytest.mark.parametrize("name", ["ours", "50 % & <b>", "x" * 300])
def test_a_name_before_a_folder(tmp_path, name):
    assert name_and_folder(f"{name}={tmp_path}") == (name, str(tmp_path))


def test_without_a_name_there_is_a_folder(tmp_path):
    assert name_and_folder(tmp_path) == ("", str(tmp_path))


def test_a_folder_that_exists_is_no_name(tmp_path):
    (tmp_path / "lr=0.1").mkdir()
    assert name_and_folder(tmp_path / "lr=0.1") == ("", str(tmp_path / "lr=0.1"))
    assert name_and_folder(f"ours={tmp_path / 'lr=0.1'}") == ("ours", str(tmp_path / "lr=0.1"))


@pytest.mark.parametrize("given", ["nowhere", "=nowhere", "ours=", "ours=nowhere", "", "x" * 5000, "a\0b"])
def test_a_folder_that_is_not_there_is_refused(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RebenchError, match="no such folder"):
        name_and_folder(given)
