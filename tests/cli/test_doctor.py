"""`rebench doctor`: what it says of a machine that is fine, and of everything that can be wrong."""

import json
import sys
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest
import torch
from typer.testing import CliRunner

from baselines.ops import backends, library
from baselines.ops import doctor as scan_doctor
from rebench import doctor
from rebench.cli.main import app
from rebench.data.catalogue import CATALOGUE

pytestmark = pytest.mark.slow  # together they take seconds


def rebench(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def named(checks, name):
    return [check for check in checks if check.name == name]


@pytest.fixture(autouse=True)
def nobodys_choice(monkeypatch):
    monkeypatch.delenv(backends.VARIABLE, raising=False)


@pytest.fixture
def contributed(tmp_path, monkeypatch):
    """Lets a module with these lines contribute its function `check`, and nobody else."""

    def contribute(lines):
        (tmp_path / "their_checks.py").write_text(lines)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "their_checks", raising=False)
        entry = EntryPoint("theirs", "their_checks:check", doctor.GROUP)
        monkeypatch.setattr(doctor, "entry_points", lambda group: [entry])

    return contribute


def test_a_machine_that_is_fine_has_no_problem_and_0():
    done = rebench("doctor")
    assert done.exit_code == 0, done.output
    assert "no problems" in done.stdout
    for word in ("rebench", "Python", torch.__version__, "numba", "threads", "data root", "cache", "safire"):
        assert word in done.stdout
    assert "scan on cpu" in done.stdout
    assert len(done.stdout.splitlines()) < 40  # one screen


def test_json_is_one_document():
    document = json.loads(rebench("doctor", "--json").stdout)
    assert document["fine"] is True
    assert document["schema_version"] == 1
    assert {"name", "status", "detail", "remedy"} == set(document["checks"][0])
    assert all(check["status"] in ("ok", "note") for check in document["checks"])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("def check():\n    raise ValueError('out of\\nluck')", "ValueError: out of luck"),
        ("def check():\n    raise SystemExit(3)", "SystemExit: 3"),
        ("def check():\n    return ['fine']", "returned 'str', not Check"),
        ("def check():\n    return None", "TypeError"),
        ("import nothing_of_this_name", "No module named 'nothing_of_this_name'"),
    ],
)
def test_a_check_that_fails_is_itself_a_problem(contributed, lines, said):
    contributed(lines)
    done = rebench("doctor")
    assert done.exit_code == 1
    line = next(line for line in done.stdout.splitlines() if " theirs " in line)
    assert line.startswith("problem")
    assert said in line
    assert "Traceback" not in done.output
    assert "1 problem" in done.stdout


def test_a_note_is_no_problem_and_its_remedy_is_said(contributed):
    contributed(
        "from rebench.doctor import Check\n"
        "def check():\n    return [Check('glue', 'note', 'there is none', 'buy some')]"
    )
    done = rebench("doctor")
    assert done.exit_code == 0
    assert "there is none" in done.stdout
    assert "> buy some" in done.stdout


def test_a_data_root_that_was_named_and_is_missing_is_a_problem(tmp_path, contributed):
    contributed("def check():\n    return []")
    done = rebench("doctor", "--data-root", tmp_path / "nowhere")
    assert done.exit_code == 1
    assert "nowhere" in done.stdout


def test_data_sets_are_found_by_their_files(tmp_path, contributed):
    contributed("def check():\n    return []")
    for name in ("refcoco:val", "refcocog:val"):
        for path, _ in CATALOGUE[name].files:
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).touch()
    found = {check.name: check for check in doctor.examine(tmp_path)}
    assert found["refcoco"].status == "ok"
    assert found["refcocog"].status == "note"
    assert "refs(google).p" in found["refcocog"].detail
    assert found["data sets"].detail == "not there: arefcoco, refcoco+"
    assert found["pictures"].status == "note"
    (tmp_path / "train2014").mkdir()
    (tmp_path / "train2014" / "COCO_train2014_000000000001.jpg").touch()
    assert named(doctor.examine(tmp_path), "pictures")[0].status == "ok"


def test_models_that_collide_or_cannot_be_imported_are_problems(monkeypatch, contributed):
    contributed("def check():\n    return []")
    fine, gone = (
        EntryPoint(name, value, "rebench.predictors")
        for name, value in (("mock", "rebench.predict.mock:Mock"), ("gone", "no_such_module:Model"))
    )
    claims = {"mock": [fine], "gone": [gone], "twice": [fine, fine]}
    monkeypatch.setattr("rebench.predict.registry.registered", lambda: claims)
    found = {check.name: check for check in doctor.examine()}
    assert found["models"].detail == "mock"
    assert "No module named 'no_such_module'" in found["model gone"].detail
    assert found["model gone"].status == found["model twice"].status == "problem"
    assert found["model twice"].remedy == "uninstall one of them"


def test_packages_that_are_missing_or_too_old_are_problems_with_a_command(monkeypatch):
    wanted = ["numpy>=1.26", "numpy>=999", "no-such-package>=1"]
    monkeypatch.setattr(doctor, "requires", lambda name: [*wanted, "pytest>=999; extra == 'dev'"])
    found = list(doctor._packages())
    assert [check.status for check in found] == ["problem", "problem", "ok"]
    assert found[0].remedy == "pip install 'no-such-package>=1'"
    assert "too old" in found[1].detail


def test_more_threads_than_cores_are_noted(monkeypatch):
    monkeypatch.setattr(doctor, "_cores", lambda: 1.5)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    (found,) = doctor._threads()
    assert found.status == "note"
    assert "OMP_NUM_THREADS=1" in found.remedy


def test_a_cache_that_cannot_be_written_is_noted(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    (found,) = doctor._cache()
    assert found.status == "note"
    assert "XDG_CACHE_HOME" in found.remedy


@pytest.mark.parametrize("value", ["abacus", "mamba_ssm"])
def test_a_wrong_choice_of_scan_is_a_problem(monkeypatch, value):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv(backends.VARIABLE, value)
    found = named(scan_doctor.check(), "scan on cpu")[0]
    assert found.status == "problem"
    assert f"{backends.VARIABLE}={value}" in found.detail
    assert "reference" in found.remedy


def test_the_choice_of_scan_is_explained(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv(backends.VARIABLE, "reference")
    found, all_ = scan_doctor.check()
    assert (found.status, found.detail.split(",")[0]) == ("note", "reference")
    assert backends.VARIABLE in found.detail
    for name in backends.NAMES:
        assert name in all_.detail


@pytest.fixture
def cpu_backend(monkeypatch):
    """Puts another in its place."""
    pytest.importorskip("numba")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    def replace(**functions):
        monkeypatch.setitem(sys.modules, "fake_backend", SimpleNamespace(**functions))
        monkeypatch.setitem(library.MODULES, "cpu", "fake_backend")
        backends._best.cache_clear()

    yield replace
    monkeypatch.undo()
    backends._best.cache_clear()


def test_a_chosen_scan_that_is_wrong_is_a_problem(cpu_backend):
    def zeros(u, delta, A, *rest):
        return torch.zeros_like(u), library._selective_states(u, A)

    def no_gradients(dy, states, *inputs):
        return [torch.zeros_like(t) for t in inputs[:7]]

    cpu_backend(selective_forward=zeros, selective_backward=no_gradients)
    found = named(scan_doctor.check(), "scan on cpu")[0]
    assert found.status == "problem"
    assert "off by" in found.detail
    assert "reference" in found.remedy


def test_a_scan_that_fails_is_replaced_and_said(cpu_backend):
    cpu_backend()
    checks = scan_doctor.check()
    found = named(checks, "scan on cpu")[0]
    assert found.status == "note"
    assert "slow" in found.detail
    assert "selective_forward" in found.remedy
    assert "selective_forward" in named(checks, "scan on cpu, cpu")[0].detail
