import json
import pickle

import pytest
from typer.testing import CliRunner

from rebench.cli.main import app


def rebench(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def entries(*words):
    done = rebench("tag", *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["expressions"]


def test_plain_text(tmp_path):
    file = tmp_path / "some.txt"
    file.write_text("the dog left of the cat\n\nit is black\nсобака\n")
    done = rebench("tag", file, "--category", "dog")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["object_distracting", "category_implicit", "unknown"]
    assert "[the cat]" in lines[0]


def test_json_and_out_are_the_same_document(tmp_path):
    file, out = tmp_path / "some.txt", tmp_path / "tags.json"
    file.write_text("the dog left of the cat\nсобака\n")
    done = rebench("tag", file, "--json", "--out", out)
    document = json.loads(done.stdout)
    assert document == json.loads(out.read_text())
    assert document["schema_version"] == 1
    first, second = document["expressions"]
    assert first["group"] == "object_distracting"
    assert [p["role"] for p in first["phrases"]] == ["target mention", "place", "entity"]
    assert first["text"][first["phrases"][2]["start"] : first["phrases"][2]["end"]] == "the cat"
    assert second["object_distracting"] is None  # not read: nothing is said of it


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "expression,category\nblack shirt,person\n"),
        ("a.csv", "\ufeffexpression,category\nblack shirt,person\n"),
        ("a.tsv", "category\ttext\nperson\tblack shirt\n"),
        ("a.jsonl", '{"text": "black shirt", "category": "person"}\n\n'),
        ("a.json", '[{"sentence": "black shirt", "category_name": "person"}]'),
        (
            "arefcoco.json",
            '{"annotations": [{"ref_id": 1, "descriptions": ["black shirt"], "category_name": "person"}]}',
        ),
        (
            "labels.json",
            '{"targets": [{"original_dataset": "refcoco", "ref_id": 3, "category_name": "person"}],'
            ' "expressions": [{"original_dataset": "refcoco", "ref_id": 3, "text": "black shirt"}]}',
        ),
    ],
)
def test_formats(tmp_path, name, content):
    file = tmp_path / name
    file.write_text(content, "utf-8")
    (entry,) = entries(file)
    assert (entry["text"], entry["category"], entry["group"]) == (
        "black shirt",
        "person",
        "category_implicit",
    )


def test_refs(tmp_path):
    ref = {
        "ref_id": 1,
        "image_id": 2,
        "category_id": 1,
        "sentences": [{"sent": "black shirt"}, {"sent": "man"}],
    }
    (tmp_path / "refs(unc).p").write_bytes(pickle.dumps([ref], protocol=2))
    assert [e["group"] for e in entries(tmp_path / "refs(unc).p")] == [
        "simple",
        "simple",
    ]  # no category known
    (tmp_path / "instances.json").write_text('{"categories": [{"id": 1, "name": "person"}]}')
    assert [e["group"] for e in entries(tmp_path / "refs(unc).p")] == ["category_implicit", "simple"]


@pytest.mark.parametrize(
    ("category", "categories", "message"),
    [
        ([1], [], 'ref 0, key "category_id": wants a whole number'),
        (1, 5, 'key "categories": wants a list'),
        (1, [5], "categories[0]: wants an object"),
        (1, [{"name": "x"}], 'categories[0]: no key "id"'),
        (1, [{"id": 1}], 'categories[0]: no key "name"'),
        (1, [{"id": [1], "name": "x"}], 'categories[0], key "id": wants a whole number'),
        (1, [{"id": 1, "name": 7}], 'categories[0], key "name": wants text'),
    ],
)
def test_refs_and_instances_of_another_form_are_named(tmp_path, category, categories, message):
    ref = {"category_id": category, "sentences": [{"sent": "man"}]}
    (tmp_path / "refs.p").write_bytes(pickle.dumps([ref], protocol=2))
    (tmp_path / "instances.json").write_text(json.dumps({"categories": categories}))
    done = rebench("tag", tmp_path / "refs.p")
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_quality(tmp_path):
    file = tmp_path / "some.csv"
    file.write_text(
        "text,category,od,ci,image_id,uncertain\n"
        "the dog by the cat,dog,1,0,1,\n"
        "it is black,dog,no,yes,1,\n"
        "the black dog,dog,true,false,2,\n"  # the label is wrong
        "the dog,dog,1,1,2,true\n"
    )
    done = rebench("tag", file, "--gold", "od,ci")
    assert done.exit_code == 0, done.output
    assert "3 labelled expressions in 2 clusters" in done.stdout
    assert "1 expressions with an error, the worst:" in done.stdout
    assert "the black dog" in done.stdout
    quality = json.loads(rebench("tag", file, "--gold", "od,ci", "--json").stdout)["quality"]
    assert quality["object_distracting"]["recall"]["value"] == 0.5
    assert quality["category_implicit"]["f1"]["value"] == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.doc", b"x", "expressions are read from"),
        ("a.txt", b"\n", "has no expressions"),
        ("a.txt", b"\xff\xfe\xff", "not UTF-8"),
        ("a.json", b"{", "not valid json"),
        ("a.json", b"{}", "wants a list of records"),
        ("a.json", b"[3]", "wants an object"),
        ("a.jsonl", b'{"caption_": "x"}', "line 1: no expression"),
        ("a.jsonl", b'{"text": "a dog"}\n{"text": ', "line 2 is not JSON"),
        ("a.csv", b"text,object_distracting\ndog,perhaps\n", "wants true or false"),
        ("a.json", b'{"annotations": [{"descriptions": "x"}]}', "wants a list"),
        ("a.json", b'{"expressions": [{"text": "x", "ref_id": 1}], "targets": 5}', '"targets": wants a list'),
        ("a.p", b"nonsense", "not a readable pickle"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    done = rebench("tag", tmp_path / name)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.jsonl", '{"text": "the dog\u2028on the left"}', "the dog\u2028on the left"),
        ("a.txt", "the dog\x0con the left", "the dog\x0con the left"),
        ("a.csv", 'text,category\n"the dog\non the left",dog\n', "the dog\non the left"),
    ],
)
def test_a_line_break_inside_of_an_expression_does_not_cut_it(tmp_path, name, content, text):
    (tmp_path / name).write_text(content, encoding="utf-8")
    (entry,) = entries(tmp_path / name)
    assert entry["text"] == text
    assert entry["group"] == "simple"


def test_no_file_and_no_labels(tmp_path):
    assert rebench("tag", tmp_path / "none.txt").exit_code == 2
    (tmp_path / "a.txt").write_text("dog")
    done = rebench("tag", tmp_path / "a.txt", "--against-labels")
    assert done.exit_code == 2
    assert "no expression has certain labels" in done.stderr
    assert "two columns" in rebench("tag", tmp_path / "a.txt", "--gold", "one").stderr
