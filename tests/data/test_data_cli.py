import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from rebench.cli.data import app
from rebench.data import catalogue, check, manifest
from rebench.data.catalogue import CATALOGUE, load_split
from rebench.data.split import Counts
from rebench.errors import RebenchError


@pytest.fixture
def whole(tiny_root, monkeypatch):
    """The tiny root, declared to be all there is."""
    small = {
        "arefcoco:test": Counts(2, 3, 5),
        "refcoco:val": Counts(1, 2, 4),
        "refcocog:test": Counts(1, 1, 1),
    }
    declarations = {}
    for name, counts in small.items():
        old = CATALOGUE[name]
        values = {key: getattr(old, key) for key in old.__slots__}
        declarations[name] = catalogue.Declaration(**{**values, "official": counts})
    for module in (catalogue, check, manifest):
        monkeypatch.setattr(module, "CATALOGUE", declarations)
    return tiny_root


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def check_json(*arguments):
    result = run("check", "--json", *arguments)
    return result.exit_code, json.loads(result.stdout)


def test_what_is_whole_and_fine_ends_with_0(whole):
    code, found = check_json("arefcoco", "refcoco:val", "refcocog:test", "--deep", "--data-root", whole.path)
    assert [split["problems"] for split in found["splits"]] == [[], [], []]
    assert code == 0
    assert found["fine"]
    assert found["splits"][0]["sha256"] == load_split("arefcoco", whole.path).manifest.sha256
    assert run("check", "arefcoco", "--data-root", whole.path).exit_code == 0


def test_a_subset_says_so_and_ends_with_1(tiny_root):
    result = run("check", "arefcoco", "--data-root", tiny_root.path)
    assert result.exit_code == 1
    assert "5 of 7,050 expressions" in result.stdout
    assert "2 of 2,213 images" in result.stdout


def test_a_missing_file_is_named_with_its_home(whole):
    whole.file("refcoco/instances.json").unlink()
    result = run("check", "refcoco:val", "--data-root", whole.path)
    assert result.exit_code == 1
    assert "missing  refcoco/instances.json" in result.stdout
    assert "ok       refcoco/refs(unc).p" in result.stdout
    assert "github.com/lichengunc/refer" in result.stdout


def test_missing_pictures_are_counted_and_listed(whole):
    whole.picture(2).unlink()
    code, found = check_json("arefcoco", "--data-root", whole.path)
    (split,) = found["splits"]
    assert code == 1
    assert split["missing_pictures"] == ["COCO_train2014_000000000002.jpg"]
    assert "1 of 2 pictures are missing" in split["problems"][0]
    assert "images.cocodataset.org" in split["problems"][0]


def test_a_picture_of_another_size_is_found_by_its_header(whole):
    Image.new("RGB", (61, 40)).save(whole.picture(1))
    code, found = check_json("refcoco:val", "--data-root", whole.path)
    assert code == 1
    assert "has 40 x 61 pixels" in found["splits"][0]["problems"][0]


def test_only_deep_decodes(whole):
    whole.picture(1).write_bytes(whole.picture(1).read_bytes()[:900])
    whole.instances["refcoco"]["annotations"][0]["area"] = 396.5  # 0.9 % off
    whole.instances["refcoco"]["annotations"][1]["area"] = 590.0  # 1.7 % off
    whole.write()
    assert check_json("refcoco:val", "--data-root", whole.path)[0] == 0
    code, found = check_json("refcoco:val", "--deep", "--data-root", whole.path)
    truncated, area = found["splits"][0]["problems"]
    assert code == 1
    assert "cannot be decoded" in truncated
    assert "annotation 12 of image 1 decodes to 600 pixels, annotated are 590.0" in area


def test_deep_names_masks_that_are_empty_or_broken(whole):
    annotations = whole.instances["refcoco"]["annotations"]
    annotations[0]["segmentation"] = [[100, 100, 120, 100, 120, 120]]
    whole.write()
    problems = check_json("refcoco:val", "--deep", "--data-root", whole.path)[1]["splits"][0]["problems"]
    assert problems == ["annotation 11 of image 1 decodes to an empty mask"]
    annotations[0]["segmentation"] = []
    whole.write()
    problems = check_json("refcoco:val", "--deep", "--data-root", whole.path)[1]["splits"][0]["problems"]
    (problem,) = problems  # once, though the mask is looked at twice: as a target and as an object
    assert "annotation 11 of image 1: invalid mask" in problem


def test_broken_files_are_a_finding_and_no_crash(whole):
    whole.file("refcoco/refs(unc).p").write_bytes(b"\x80\x02cos\nsystem\n.")
    code, found = check_json("refcoco:val", "--data-root", whole.path)
    assert code == 1
    assert "os.system: refused" in found["splits"][0]["problems"][0]


@pytest.fixture
def locked(whole, monkeypatch):
    """Makes a folder one that may not be looked into, for root too."""
    stat = Path.stat

    def lock(name):
        def refusing(path, **options):
            if whole.path / name in path.parents:
                raise PermissionError(13, "Permission denied", str(path))
            return stat(path, **options)

        monkeypatch.setattr(Path, "stat", refusing)

    return lock


def test_a_locked_folder_is_a_problem_of_its_splits_alone(whole, locked):
    locked("refcocog")
    problem = f"cannot read {whole.path / 'refcocog'}: Permission denied"
    code, found = check_json("refcoco:val", "refcocog:test", "--data-root", whole.path)
    assert code == 1
    assert [set(split["problems"]) for split in found["splits"]] == [set(), {problem}]
    listed = json.loads(run("list", "--json", "--data-root", whole.path).stdout)["splits"]
    problems = {split["name"]: split["problem"] for split in listed}
    assert (problems["refcocog:test"], problems["refcoco:val"]) == (problem, None)


def test_a_locked_folder_of_pictures_is_one_problem(whole, locked):
    locked("train2014")
    code, found = check_json("arefcoco", "--data-root", whole.path)
    assert code == 1
    assert found["splits"][0]["problems"] == [f"cannot read {whole.path / 'train2014'}: Permission denied"]


@pytest.mark.parametrize("command", [["check", "arefcoco"], ["list"], ["manifest", "arefcoco"]])
def test_a_data_root_that_is_not_there_is_a_wrong_request(tmp_path, command):
    result = run(*command, "--data-root", tmp_path / "nowhere")
    assert isinstance(result.exception, RebenchError)
    assert "give --data-root or set REBENCH_DATA" in str(result.exception)


def test_an_unknown_split_is_a_wrong_request(tiny_root):
    result = run("check", "refcoco:tset", "--data-root", tiny_root.path)
    assert isinstance(result.exception, RebenchError)


def test_an_empty_cache_folder_is_reported_file_by_file(monkeypatch, tmp_path):
    monkeypatch.delenv("REBENCH_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    result = run("check", "refcoco+:val")
    assert result.exit_code == 1
    assert "missing  refcoco+/refs(unc).p" in result.stdout


def test_the_list_shows_official_sizes_and_what_is_here(tiny_root):
    tiny_root.file("refcocog/refs(umd).p").write_bytes(b"garbage")
    result = run("list", "--json", "--data-root", tiny_root.path)
    splits = {split["name"]: split for split in json.loads(result.stdout)["splits"]}
    assert result.exit_code == 0
    assert splits["arefcoco:test"]["here"] == "5 of 7,050 expressions"
    assert splits["refcoco:val"] == {
        "name": "refcoco:val",
        "official": {"images": 1500, "refs": 3811, "expressions": 10834},
        "present": True,
        "here": "4 of 10,834 expressions",
        "problem": None,
    }
    assert splits["refcoco+:val"]["here"] is None
    assert not splits["refcoco+:val"]["present"]
    assert "not a readable pickle" in splits["refcocog:test"]["problem"]
    table = run("list", "--data-root", tiny_root.path).stdout
    assert "10,834  4 of 10,834 expressions" in table
    assert "unreadable" in table


def test_the_manifest_is_the_split(tiny_root, tmp_path):
    split = load_split("arefcoco", tiny_root.path)
    printed = json.loads(run("manifest", "arefcoco", "--data-root", tiny_root.path).stdout)
    file = tmp_path / "deep" / "manifest.json"
    assert run("manifest", "arefcoco", "--out", file, "--data-root", tiny_root.path).exit_code == 0
    assert json.loads(file.read_text()) == printed
    assert printed["split"] == "arefcoco:test"
    assert printed["sha256"] == split.manifest.sha256
    assert (printed["images"], printed["refs"], printed["expressions"]) == (2, 3, 5)
    assert printed["official"] == {"images": 2213, "refs": 4112, "expressions": 7050}
    assert printed["whole"] is False
    assert [s["sample_id"] for s in printed["samples"]] == [s.sample_id for s in split.samples]
    assert printed["samples"][0] == {
        "sample_id": "arefcoco-refcoco/7/0",
        "image_id": 1,
        "ref_id": 7,
        "sent_id": 0,
        "annotation_id": 11,
        "height": 40,
        "width": 60,
        "expression": "the one left of the person",
    }


def test_a_manifest_that_cannot_be_written_leaves_the_old_one(tiny_root, tmp_path, monkeypatch):
    file = tmp_path / "manifest.json"
    file.write_text("old")

    def disk_full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(manifest.os, "replace", disk_full)
    result = run("manifest", "arefcoco", "--out", file, "--data-root", tiny_root.path)
    assert "could not write" in str(result.exception)
    assert "No space left" in str(result.exception)
    assert file.read_text() == "old"
    assert list(tmp_path.glob(".manifest*")) == []


def test_the_command_module_is_light():
    heavy = "{'numpy', 'pandas', 'PIL', 'pycocotools', 'rich.table', 'torch'}"
    code = f"import sys, rebench.cli.data; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
