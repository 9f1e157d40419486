"""The hash of a model's code changes with whatever of it the answers depend on, and with nothing else."""

import hashlib
import importlib
import sys

import pytest

from rebench.predict.registry import find
from rebench.predict.sources import source_hash

MODEL = (
    "import {net}\nclass Mine:\n    def predict(self, image, expressions):\n        return {net}.answer()\n"
)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of a model, its helpers, and a file that nobody imports; imported anew for every hash."""
    folder = tmp_path / "somebodys"
    (folder / "parts").mkdir(parents=True)
    files = {
        "__init__.py": "",
        "model.py": "from .parts import net\nimport somebodys.losses\nclass Mine:\n    pass\n",
        "parts/__init__.py": "",
        "parts/net.py": "import json\n",
        "losses.py": "",
        "notes.py": "",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)

    def hashed():
        for name in [name for name in sys.modules if name.partition(".")[0] == "somebodys"]:
            del sys.modules[name]
        importlib.invalidate_caches()
        return source_hash(importlib.import_module("somebodys.model").Mine)

    yield folder, hashed
    for name in [name for name in sys.modules if name.partition(".")[0] == "somebodys"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "name", ["model.py", "parts/net.py", "parts/__init__.py", "losses.py", "__init__.py"]
)
def test_every_module_of_a_package_that_is_imported_counts(package, name):
    folder, hashed = package
    before = hashed()
    assert hashed() == before
    with (folder / name).open("a") as file:
        file.write("# other code\n")
    assert hashed() != before


def test_what_nobody_imports_does_not_count(package):
    folder, hashed = package
    before = hashed()
    (folder / "notes.py").write_text("x = 1")
    assert hashed() == before


def test_a_file_counts_with_the_neighbours_it_imports(tmp_path):
    name = f"net_{tmp_path.name}".replace("-", "_")
    mine, net = tmp_path / "mine.py", tmp_path / f"{name}.py"
    mine.write_text(MODEL.format(net=name))
    net.write_text("def answer(): return []\n")
    found = find(f"{mine}:Mine")
    before = found.code_sha256
    net.write_text("def answer(): return [1]\n")
    assert source_hash(found.factory) != before
    net.write_text("def answer(): return []\n")
    assert source_hash(found.factory) == before


def test_a_file_alone_has_its_own_hash(tmp_path):
    file = tmp_path / "alone.py"
    file.write_text("import json\nclass Mine:\n    def predict(self, image, expressions): ...\n")
    assert find(f"{file}:Mine").code_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_what_has_no_source_has_no_hash():
    assert source_hash(int) is None
    assert source_hash(len) is None


def test_our_own_models_are_named_by_the_version():
    assert find("safire:tiny").code_sha256 is None


def test_a_registered_model_of_somebody_else_counts(package, monkeypatch):
    from importlib.metadata import EntryPoint

    from rebench.predict import registry

    folder, _ = package
    (folder / "model.py").write_text("class Mine:\n    def predict(self, image, expressions): ...\n")
    entry = EntryPoint("theirs", "somebodys.model:Mine", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    assert len(find("theirs").code_sha256) == 64
