"""`rebench report` from the shell."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))
from report_runs import Boxes, make_runs

from rebench.cli.main import app


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_runs(tmp_path_factory.mktemp("runs"), Boxes(images=3))


def call(capsys, *words):
    with pytest.raises(SystemExit) as end:
        app(["report", *map(str, words)])
    out = capsys.readouterr()
    return end.value.code or 0, out.out, out.err


def test_it_writes_what_is_asked_for_and_says_so(made, tmp_path, capsys):
    options = ("--out", tmp_path, "--format", "csv", "--resamples", 50, "--json")
    code, out, err = call(capsys, *made, *options)
    assert code == 0
    files = [Path(name) for name in json.loads(out)["files"]]
    assert files
    assert all(path.is_file() for path in files)
    assert {path.suffix for path in files} == {".csv"}
    assert "files, first:" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere", "--out", "x"), "not a run"),
        (("{0}", "--out", "{tmp}", "--format", "docx"), "no format 'docx'"),
        (("{0}", "--out", "{tmp}", "--format", ","), "no format"),
        (("{0}", "{0}", "--out", "{tmp}"), "given twice"),
        (("{0}", "--out", "{tmp}/file"), "could not"),
        (("{0}", "--out", "{tmp}", "--width", "1"), "give a width of 3 to 12"),
        (("x" * 5000, "--out", "{tmp}"), "no such folder"),
    ],
)
def test_wrong_requests_end_with_2_and_one_line(made, tmp_path, capsys, words, told):
    (tmp_path / "file").write_text("")
    given = [word.replace("{0}", made[0]).replace("{tmp}", str(tmp_path)) for word in words]
    code, out, err = call(capsys, *given)
    assert code == 2
    assert out == ""
    assert told in err
    assert len(err.strip().splitlines()) == 1
