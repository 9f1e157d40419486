"""`rebench submit` and `rebench leaderboard` at the command line, on the validation scenes."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from rebench.cli.main import app
from rebench.data.catalogue import load_split
from rebench.data.masks import decode, encode


def rebench(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_schema_goes_to_stdout_or_into_a_file(tmp_path):
    shown = rebench("leaderboard", "schema")
    written = rebench("leaderboard", "schema", tmp_path / "schema.json")
    assert (shown.exit_code, written.exit_code) == (0, 0)
    assert json.loads(shown.stdout) == json.loads((tmp_path / "schema.json").read_text())


def test_only_a_schema_is_replaced_by_the_schema(tmp_path):
    board, schema = tmp_path / "board.json", tmp_path / "schema.json"
    for content in (
        '{"schema_version": 1, "board": {}}',
        '{"$schema": "https://json.schemastore.org/x"}',
        "[",
        "",
    ):
        board.write_text(content)
        refused = rebench("leaderboard", "schema", board)
        assert refused.exit_code == 2
        assert refused.stderr == f"error: {board} is there and is no schema of a board: give another name\n"
        assert board.read_text() == content
    assert rebench("leaderboard", "schema", schema).exit_code == 0
    fresh = schema.read_text()
    schema.write_text(json.dumps(json.loads(fresh) | {"required": []}))  # of an older version
    assert rebench("leaderboard", "schema", schema).exit_code == 0
    assert schema.read_text() == fresh


def test_what_is_no_board_is_said_in_one_line(tmp_path):
    missing = rebench("leaderboard", "verify", tmp_path / "none.json")
    assert missing.exit_code == 2
    assert missing.stderr.startswith("error: no board")
    (tmp_path / "junk.json").write_text("[" * 10_000)
    junk = rebench("leaderboard", "verify", tmp_path / "junk.json", "--json")
    assert junk.exit_code == 1
    assert "board: file: nested too deeply" in junk.stderr
    assert [finding["reason"] for finding in json.loads(junk.stdout)["findings"]] == ["file"]


def test_of_many_findings_the_first_are_printed_and_json_has_all(tmp_path):
    (tmp_path / "junk.json").write_text(json.dumps({"schema_version": 1, "board": {}, "entries": [{}] * 80}))
    done = rebench("leaderboard", "verify", tmp_path / "junk.json", "--json")
    findings = json.loads(done.stdout)["findings"]
    assert len(findings) > 80
    assert len(done.stderr.splitlines()) == 52
    assert f"and {len(findings) - 50} more findings" in done.stderr


def test_a_board_of_a_split_that_is_not_here_is_begun_with_its_published_size(tmp_path):
    words = ("--split", "arefcoco", "--title", "aRefCOCO", "--data-root", tmp_path)
    assert rebench("leaderboard", "new", tmp_path / "arefcoco.json", *words).exit_code == 0
    board = json.loads((tmp_path / "arefcoco.json").read_text())["board"]
    assert (board["images"], board["expressions"], board["manifest_sha256"]) == (2213, 7050, None)
    again = rebench("leaderboard", "new", tmp_path / "arefcoco.json", *words)
    assert (again.exit_code, "never begun anew" in again.stderr) == (2, True)
    assert rebench("leaderboard", "verify", tmp_path / "arefcoco.json").exit_code == 0


def test_a_page_lies_beside_its_board_or_where_it_is_wanted(tmp_path):
    board = tmp_path / "boards" / "arefcoco.json"
    board.parent.mkdir()
    words = ("--split", "arefcoco", "--title", "aRefCOCO", "--data-root", tmp_path)
    assert rebench("leaderboard", "new", board, *words).exit_code == 0
    beside = rebench("leaderboard", "render", board, "--json")
    assert json.loads(beside.stdout)["page"] == str(board.with_suffix(".html"))
    assert rebench("leaderboard", "render", board, "--out", tmp_path / "site").exit_code == 0
    assert board.with_suffix(".html").read_bytes() == (tmp_path / "site" / "index.html").read_bytes()
    for wrong in (tmp_path / "no" / "board.json", "."):
        refused = rebench("leaderboard", "render", wrong)
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)


@pytest.mark.slow
def test_from_predictions_to_a_page(tmp_path):
    split = load_split("scenes:val")
    for name, shift in (("near", 2), ("far", 8)):
        masks = {s.sample_id: encode(np.roll(decode(split.target(s)), shift, 1)) for s in split.samples}
        rows = [{"sample_id": name, "rle": mask["counts"]} for name, mask in masks.items()]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        words = ("--model", name, "--split", "scenes:val", "--out", tmp_path / "runs")
        assert rebench("import", tmp_path / f"{name}.jsonl", *words).exit_code == 0
    board = tmp_path / "boards" / "val.json"
    board.parent.mkdir()
    begun = rebench("leaderboard", "new", board, "--split", "scenes:val", "--title", "Scenes, val")
    assert begun.exit_code == 0

    def submit(name, *words):
        return rebench("submit", tmp_path / "runs" / "scenes-val" / name, "--leaderboard", board, *words)

    undeclared = submit("near", "--yes")
    assert (undeclared.exit_code, "--trained-on" in undeclared.stderr) == (2, True)
    unasked = submit("near", "--trained-on", "nothing")
    assert (unasked.exit_code, "give --yes" in unasked.stderr) == (2, True)
    assert json.loads(board.read_text())["entries"] == []

    first = submit("near", "--trained-on", "nothing", "--yes", "--json")
    second = submit("far", "--trained-on", "nothing", "--yes", "--json")
    again = submit("far", "--trained-on", "nothing", "--yes", "--json")
    told = [json.loads(done.stdout) for done in (first, second, again)]
    assert [(t["entry"], t["new"]) for t in told] == [(1, True), (2, True), (2, False)]
    assert "its interval allows rank 2 of 2" in second.stderr
    assert "p < 0.001 (paired" in second.stderr

    verified = rebench("leaderboard", "verify", board, "--json")
    assert verified.exit_code == 0
    assert [entry["state"] for entry in json.loads(verified.stdout)["entries"]] == ["re-scored"] * 2
    assert rebench("leaderboard", "render", board, "--out", tmp_path / "page").exit_code == 0
    assert "near" in (tmp_path / "page" / "index.html").read_text()
    exported = rebench("leaderboard", "export", board, "--format", "bibtex", "--out", tmp_path, "--json")
    assert json.loads(exported.stdout)["files"] == [str(tmp_path / "val.bib")]

    document = json.loads(board.read_text())
    document["entries"][0]["scores"]["overall"]["metrics"]["oiou"]["value"] += 1e-6
    board.write_text(json.dumps(document))
    tampered = rebench("leaderboard", "verify", board)
    assert tampered.exit_code == 1
    assert "entry 1: edited: its content does not give its hash" in tampered.stderr
    assert "entry 1: score: overall metrics oiou value: its predictions give" in tampered.stderr
    assert rebench("leaderboard", "render", board, "--out", tmp_path / "other").exit_code == 2
