"""`rebench bench`: its list, its options, and that a scan that is wrong is not timed."""

import json
import math
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from baselines.ops import library
from baselines.ops.bench import cases, measure, truth
from baselines.safire.config import BASE
from baselines.safire.fixation import Fixation, Grouping
from rebench.cli.main import app

pytestmark = pytest.mark.slow  # together they take seconds


def rebench(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def quick(*words):
    return rebench("bench", "scan", "--quick", "--device", "cpu", *words)


@pytest.fixture(autouse=True)
def small_copy(monkeypatch):
    monkeypatch.setattr("baselines.ops.bench.command.copy_rate", lambda device: 1e10)


@pytest.fixture
def cpu_backend(monkeypatch):
    """Puts another in its place: the same, times `factor` if it computes, or an error."""
    real = pytest.importorskip("baselines.ops.cpu", reason="numba is not installed")

    def replace(factor=1.0, error=None):
        def forward(*inputs):
            if error is not None:
                raise error
            y, states = real.selective_forward(*inputs)
            return factor * y, states

        def backward(*inputs):
            return [factor * gradient for gradient in real.selective_backward(*inputs)]

        fake = SimpleNamespace(selective_forward=forward, selective_backward=backward)
        monkeypatch.setitem(sys.modules, "fake_backend", fake)
        monkeypatch.setitem(library.MODULES, "cpu", "fake_backend")

    return replace


def test_without_a_name_the_benchmarks_are_listed():
    done = rebench("bench")
    assert done.exit_code == 0
    assert {"scan", "score"} <= {line.split()[0] for line in done.stdout.splitlines()}


def test_help_pages_import_nothing_heavy():
    code = (
        "import sys\nfrom rebench.cli.main import app\n"
        "try:\n    app(sys.argv[1:])\nfinally:\n"
        "    assert not {'torch', 'numpy', 'pandas', 'baselines'} & set(sys.modules)"
    )
    for page in (["--help"], ["bench", "--help"], ["bench"]):
        done = subprocess.run([sys.executable, "-c", code, *page], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "bench" in done.stdout


def test_a_benchmark_has_a_help_page_of_its_own():
    done = rebench("bench", "scan", "--help")
    assert done.exit_code == 0
    assert "--states" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "no benchmark 'nothing'; known: scan"),
        (["scan", "--backend", "abacus"], "there is no such scan; there are reference"),
        (["scan", "--device", "cpu", "--backend", "mamba_ssm"], "it needs CUDA tensors, not cpu"),
        (["scan", "--device", "abacus"], "unknown device 'abacus'"),
        (["scan", "--dtype", "float8"], "unknown --dtype float8; known: float32, bfloat16"),
        (["scan", "--function", "scan"], "known: ss2d_scan, sequence_scan, selective_scan"),
        (["scan", "--stage", "5"], "unknown --stage 5; known: 1, 2, 3, 4"),
        (["scan", "--stage", "one"], "--stage"),
        (["scan", "--states", "2"], "unknown --states 2; known: 1, 16"),
        (["scan", "--batch", "-1"], "unknown --batch -1; known: 1, 8"),
        (["scan", "--function", "selective_scan", "--stage", "1"], "no shape is left"),
        (["scan", "--patience", "-1"], "--patience"),
        (["scan", "--fast"], "--fast"),
    ],
)
def test_wrong_requests_are_one_line_and_2(words, message):
    done = rebench("bench", *words)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.slow
def test_json_is_one_document_with_a_row_per_type_pass_and_backend():
    pytest.importorskip("numba")
    names = ["reference", "cpu"]
    done = quick("--states", "16", "--json", "--backend", "reference", "--backend", "cpu")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["fine"] is True
    assert document["machine"]["threads"] == torch.get_num_threads()
    rows = document["rows"]
    assert [(row["dtype"], row["backward"], row["backend"]) for row in rows] == [
        (dtype, backward, name)
        for dtype in ("float32", "bfloat16")
        for backward in (False, True)
        for name in names
    ]
    for row in rows:
        assert row["state"] == "timed"
        assert row["truth"] == "reference in float64"
        assert 0 < row["timing"]["low"] <= row["timing"]["median"] <= row["timing"]["high"]
        assert row["timing"]["repeats"] >= 3
        assert row["times_mamba_ssm"] is None
    compiled = next(row for row in rows if row["backend"] == "cpu")
    plain = next(row for row in rows if row["backend"] == "reference")
    ratio = plain["timing"]["median"] / compiled["timing"]["median"]
    assert compiled["times_reference"] == pytest.approx(ratio)
    assert set(compiled["errors"]) == {
        "y",
        "x",
        "x_proj_weight",
        "dt_projs_weight",
        "dt_projs_bias",
        "A_logs",
        "Ds",
    }
    x, parameters = 4 * 32 * 12 * 11, 4 * (4 * (2 + 32) * 32 + 4 * 32 * 2 + 4 * 32 + 4 * 32 * 16 + 4 * 32)
    assert compiled["least_bytes"] == x + parameters + x
    assert compiled["share_of_copy"] == pytest.approx(compiled["bytes_per_second"] / 1e10)


@pytest.mark.slow
def test_every_function_is_measured_by_default():
    done = quick("--dtype", "float32", "--states", "1")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == ""
    for function in ("ss2d_scan", "sequence_scan", "selective_scan"):
        assert f"{function} (" in done.stderr
    assert "without triton" in done.stderr


def test_a_backend_that_is_wrong_is_not_timed(cpu_backend):
    cpu_backend(factor=1.01)
    request = ["--function", "selective_scan", "--dtype", "float32", "--json"]
    done = quick(*request, "--backend", "reference", "--backend", "cpu")
    assert done.exit_code == 1
    assert "FAILED PARITY" in done.stderr
    assert "tolerance 1e-04" in done.stderr
    document = json.loads(done.stdout)
    assert document["fine"] is False
    for row in document["rows"]:
        if row["backend"] == "cpu":
            assert (row["state"], row["timing"], row["times_reference"]) == ("failed parity", None, None)
            assert row["errors"]["y"] == pytest.approx(0.01, rel=1e-3)
        else:
            assert row["timing"]


def test_nan_is_wrong_and_still_json(cpu_backend):
    cpu_backend(factor=math.nan)
    done = quick("--function", "selective_scan", "--dtype", "bfloat16", "--backend", "cpu", "--json")
    assert done.exit_code == 1
    rows = json.loads(done.stdout, parse_constant=pytest.fail)["rows"]
    assert rows[0]["state"] == "failed parity"
    assert rows[0]["errors"]["y"] == "nan"


def test_a_backend_that_fails_is_said_and_1(cpu_backend):
    cpu_backend(error=RuntimeError("no such luck"))
    done = quick("--function", "selective_scan", "--dtype", "float32", "--backend", "cpu")
    assert done.exit_code == 1
    assert "RuntimeError: no such luck" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reference_that_takes_too_long_is_left_out():
    request = ["--function", "selective_scan", "--dtype", "float32", "--backend", "reference"]
    done = quick(*request, "--patience", "0")
    assert done.exit_code == 0
    assert "left out: it would take" in done.stderr


CASE = cases.Case("selective_scan", 1, 5, (130,), 2, 1, 2)


def test_where_the_reference_takes_too_long_a_checked_backend_says_what_is_right(cpu_backend):
    cpu_backend()
    inputs = cases.draw(CASE, torch.float32, "cpu", 0)
    expected = cases.call_with_gradients(CASE, inputs.double("cpu"), "reference")
    found, source = truth.Truth("cpu", patience=0).of(CASE, inputs)
    assert source.startswith("cpu in float64")
    assert found["y"].dtype == torch.float64
    assert truth.worst(truth.errors(found, expected)) < 1e-12


def test_a_backend_that_fails_the_check_says_nothing(cpu_backend):
    cpu_backend(factor=1 + 1e-8)
    found, source = truth.Truth("cpu", patience=0).of(CASE, cases.draw(CASE, torch.float32, "cpu", 0))
    assert found is None
    assert "1e-08 from the reference" in source
    assert "reference: it would take" in source


def test_inputs_are_decided_by_their_seed_alone():
    one, same, other = (cases.draw(CASE, torch.bfloat16, "cpu", seed).tensors for seed in (0, 0, 1))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["u"], other["u"])


def test_the_sequence_is_that_of_the_model():
    case, side = cases.safire_case(1), BASE.image_size // 4
    grouping = Grouping(side, side, BASE.max_words, BASE)
    tokens, words = torch.ones(1, side**2, 1), torch.zeros(1, BASE.max_words, 1)
    sequence = grouping.join(tokens, words)[0, :, 0]
    assert case.size == sequence.shape == (36_864,)
    in_window = torch.arange(case.length) % (case.window + case.words) < case.window
    assert torch.equal(sequence.bool(), in_window)
    scan = Fixation(BASE.widths[0], grouping.copies, BASE).op.scan
    assert (case.directions, case.width) == scan.dt_projs_bias.shape
    assert (case.rank, case.states) == (scan.rank, scan.A_logs.shape[1])


@pytest.mark.parametrize("make", [lambda n: torch.ones(n // 4), lambda n: np.ones(n // 4, np.float32)])
def test_extra_memory_is_what_a_call_takes_and_gives_back(make):
    size = 64 << 20
    found = measure.extra_bytes(lambda _: make(size).sum(), "cpu", 0)
    if found is None:
        pytest.skip("this system does not tell")
    assert 0.9 * size < found < 1.3 * size
    kept = measure.extra_bytes(lambda _: make(size), "cpu", size)
    assert kept < 0.1 * size
