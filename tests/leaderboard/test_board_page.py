"""The page of a board, and its forms for others."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import yaml
from board_stripes import NOTHING, Stripes, description, shifted
from tampering import read, reseal, write

from rebench.errors import RebenchError
from rebench.leaderboard.board_file import new_board
from rebench.leaderboard.entry import Details
from rebench.leaderboard.exporters import export
from rebench.leaderboard.page import render
from rebench.leaderboard.submit import submit
from rebench.leaderboard.verify import verify
from rebench.published.ledger import Ledger

pytestmark = pytest.mark.slow  # together they take seconds


class Elements(HTMLParser):
    """Tags with their attributes, and the texts outside of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.inside = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data):
        if self.inside not in ("script", "style"):
            self.texts.append(data)


def test_the_page_has_every_number(board, tmp_path):
    page = render(board, tmp_path / "page").read_text()
    for entry in read(board)["entries"]:
        for group in (entry["scores"]["overall"], *entry["scores"]["groups"].values()):
            for estimate in group["metrics"].values():
                assert f'data-sort="{estimate["value"]!r}"' in page
                assert f"[{100 * estimate['low']:.1f}, {100 * estimate['high']:.1f}]" in page
        assert entry["sha256"] in page
    assert f"its chain of entries ends at {read(board)['head']}" in page


def test_the_page_asks_for_nothing_from_elsewhere(board, tmp_path):
    elements = Elements(render(board, tmp_path).read_text())
    loading = [attrs for _, attrs in elements.tags if "src" in attrs or "srcset" in attrs]
    assert loading == []
    assert [tag for tag, _ in elements.tags if tag in ("link", "iframe", "object", "embed")] == []
    assert all("on" + name not in attrs for _, attrs in elements.tags for name in ("click", "load", "error"))


def test_names_stand_there_as_text(empty, make_run, split, tmp_path):
    authors = ('O\'Neil "Q" & Söhne', "Müller; 日本 {{ 7 * 7 }} 50 %_$x$", "' autofocus onfocus='x")
    details = replace(NOTHING, authors=authors, licence="CC & co", trained_on=('a "set" & more',))
    submit(make_run("good"), empty, details, split=split)
    page = render(empty, tmp_path / "page").read_text()
    elements = Elements(page)
    assert ", ".join(authors) in "".join(elements.texts)
    row = next(attrs for tag, attrs in elements.tags if tag == "tr" and "data-training" in attrs)
    assert json.loads(row["data-training"]) == ['a "set" & more']
    assert not any("onfocus" in attrs for _, attrs in elements.tags)


def test_superseded_entries_are_named_not_ranked(board, make_run, split, tmp_path):
    details = replace(NOTHING, supersedes=2, reason="one column off")
    submit(make_run("fair", masks=shifted(split, 0)), board, details, split=split)
    page = render(board, tmp_path / "page").read_text()
    assert page.count('<tr data-source="measured"') == 3
    assert 'by <a href="#entry-4">entry 4</a>: one column off' in page


def test_an_empty_board_has_a_page(empty, tmp_path):
    assert "No entries yet." in render(empty, tmp_path).read_text()


def test_a_board_that_is_not_in_order_has_no_page(board, tmp_path):
    document = read(board)
    document["entries"].pop()
    board.write_text(json.dumps(document))
    for make in (lambda: render(board, tmp_path / "p"), lambda: export(board, "bibtex", tmp_path / "p")):
        with pytest.raises(RebenchError, match="not in order"):
            make()
    assert not (tmp_path / "p").exists()


def test_every_eval_ever(board, tmp_path):
    files = export(board, "every-eval", tmp_path / "eee")
    assert [file.name for file in files] == ["0001-good.json", "0002-fair.json", "0003-poor.json"]
    record, entry = json.loads(files[0].read_text()), read(board)["entries"][0]
    assert {
        "schema_version", "evaluation_id", "retrieved_timestamp", "source_metadata", "model_info",
        "eval_library", "evaluation_results",
    } <= record.keys()  # fmt: skip
    result = record["evaluation_results"][0]
    estimate = entry["scores"]["overall"]["metrics"]["oiou"]
    assert result["evaluation_name"] == "stripes:test overall oIoU"
    assert result["score_details"]["score"] == estimate["value"]
    interval = result["score_details"]["uncertainty"]["confidence_interval"]
    assert (interval["lower"], interval["upper"]) == (estimate["low"], estimate["high"])
    parts = entry["scores"]["groups"].values()
    values = [e["value"] for part in parts for e in part["metrics"].values() if e["value"] is not None]
    assert len(record["evaluation_results"]) == len(values) + 8
    details = record["source_metadata"]["additional_details"] | record["model_info"]["additional_details"]
    assert all(isinstance(value, str) for value in details.values())


def test_model_index(board, tmp_path):
    text = export(board, "model-index", tmp_path)[1].read_text()
    (index,) = yaml.safe_load(text)["model-index"]
    (result,) = index["results"]
    assert index["name"] == "fair"
    assert result["dataset"] == {"type": "stripes", "name": "stripes:test", "split": "test"}
    assert result["task"]["type"] == "image-segmentation"
    value = read(board)["entries"][1]["scores"]["overall"]["metrics"]["oiou"]["value"]
    first = {"type": "oiou", "value": round(100 * value, 6), "name": "oIoU (overall)"}
    assert result["metrics"][0] == first


def test_bibtex(empty, make_run, split, tmp_path):
    details = replace(NOTHING, authors=("A & B", "C_D"), paper="https://example.org/paper")
    submit(make_run("good"), empty, details, split=split)
    text = export(empty, "bibtex", tmp_path)[0].read_text()
    assert text.count("@misc{") == 2
    assert r"author = {A \& B and C\_D}" in text
    assert "url = {https://example.org/paper}" in text
    assert text.count("{") == text.count("}")


def test_bibtex_brings_the_commands_for_other_scripts(empty, make_run, split, tmp_path):
    submit(make_run("good"), empty, replace(NOTHING, authors=("李 明",)), split=split)
    text = export(empty, "bibtex", tmp_path)[0].read_text()
    assert text.startswith(r"@preamble{ {\providecommand{\rebenchchar}")
    assert text.splitlines()[0].count("{") == text.splitlines()[0].count("}")
    assert "title = {{good}}" in text


def test_other_forms_are_refused(board, tmp_path):
    with pytest.raises(RebenchError, match="no format 'xml'"):
        export(board, "xml", tmp_path)


def test_printed_numbers_come_from_the_ledger(tmp_path):
    """A row of the ledger on a board of refcoco:val, checked against the ledger ever after."""
    ledger = Ledger.read()
    row = next(
        ledger.corrected(row) for row in ledger.results
        if (row.dataset, row.split) == ("refcoco", "val") and ledger.corrected(row).likely_metric == "oiou"
    )  # fmt: skip
    path = tmp_path / "refcoco.json"

    sizes = {"split": "refcoco:val", "manifest_sha256": None, "images": 1500, "expressions": 10834}
    new_board(path, description(Stripes(), name="refcoco", **sizes))
    assert submit(f"ledger:{row.id}", path) == 1
    done = verify(path, data_root=tmp_path)
    assert done.ok
    assert [(entry.state, entry.text) for entry in done.entries] == [("printed", row.id)]
    assert f"{row.value:.1f}" in render(path, tmp_path / "page").read_text()
    entry = read(path)["entries"][0]
    assert entry["scores"]["overall"]["metrics"]["oiou"]["value"] == row.value / 100
    with pytest.raises(RebenchError, match="keep their name"):
        submit(f"ledger:{row.id}", path, Details(name="Somebody", supersedes=1, reason="mine"))
    document = read(path)
    document["entries"][0]["model"]["name"] = "Somebody"
    write(path, reseal(document))
    assert [finding.reason for finding in verify(path, data_root=tmp_path).findings] == ["ledger"]
