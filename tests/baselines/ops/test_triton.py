"""The Triton scans against their definition: compiled where there is CUDA, else in Triton's interpreter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from baselines.ops import backends, library, reference, scan
from baselines.ops.paths import directions

pytestmark = pytest.mark.slow  # together they take seconds

CUDA = torch.cuda.is_available()
DEVICE = "cuda" if CUDA else "cpu"
ROOT = Path(__file__).parents[3]

with pytest.MonkeyPatch.context() as patch:
    if not CUDA:
        patch.setenv("TRITON_INTERPRET", "1")  # while the kernels are imported, and for no other test
    tl = pytest.importorskip("triton.language")
    from baselines.ops.gpu import launch, tiles

KINDS = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
# the unit to which a result is rounded (the interpreter cuts bfloat16 off), and what a sum of many may lose
UNIT = {torch.float64: 0, torch.float32: 0, torch.bfloat16: 2**-8 if CUDA else 2**-7, torch.float16: 2**-11}
LOSS = {torch.float64: 1e-10, torch.float32: 3e-6, torch.bfloat16: 3e-6, torch.float16: 3e-6}


@pytest.fixture(autouse=True)
def poison(monkeypatch):
    """New memory is NaN, so that no element can be left unwritten unnoticed."""
    monkeypatch.setattr(torch.utils.deterministic, "fill_uninitialized_memory", True)
    torch.use_deterministic_algorithms(True, warn_only=True)
    yield
    torch.use_deterministic_algorithms(False)


def draw(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)


def selective(batch=1, length=65, width=3, groups=1, states=1, softplus=True, seed=0):
    """Inputs of the selective scan in float64: the tensors that have gradients, and the rest."""
    normal = draw(seed)
    channels = width * groups
    tensors = [normal(batch, channels, length), normal(batch, channels, length)]
    tensors += [-normal(channels, states).abs(), *(normal(batch, groups, states, length) for _ in "BC")]
    tensors += [normal(channels), normal(channels)]
    if not softplus:
        tensors[1], tensors[6] = tensors[1].abs(), tensors[6].abs()
    return tensors, [softplus, None]


def directional(batch=1, length=65, width=3, count=2, states=1, rank=1, both_ways=True, seed=0):
    """Inputs of the directional scan in float64, with paths at random."""
    normal = draw(seed)
    generator = torch.Generator().manual_seed(seed)
    number = count // 2 if both_ways else count
    paths = torch.stack([torch.randperm(length, generator=generator) for _ in range(number)])
    tensors = [normal(batch, width, length), normal(batch, length, count, rank + 2 * states)]
    tensors += [normal(count, width, rank), normal(count, width), -normal(count, width, states).abs()]
    return [*tensors, normal(count, width)], [paths, both_ways, None]


OPERATORS = {
    selective: (library.selective_scan, reference.selective_scan, (0, 1, 3, 4)),
    directional: (library.directional_scan, reference.directional_scan, (0, 1)),
}


def cast(make, tensors, dtype):
    """Activations in a type; parameters stay in float32 beside half-precision activations."""
    parameters = torch.float64 if dtype == torch.float64 else torch.float32
    activations = OPERATORS[make][2]
    return [t.to(dtype if i in activations else parameters).to(DEVICE) for i, t in enumerate(tensors)]


def on_device(rest):
    return [value.to(DEVICE) if isinstance(value, torch.Tensor) else value for value in rest]


def run(make, tensors, rest, dy=None):
    """y, states and gradients of the kernels."""
    tensors = [t.detach().requires_grad_() for t in tensors]
    y, states = OPERATORS[make][0](*tensors, *on_device(rest), "triton")
    dy = draw(9)(*y.shape).to(y) if dy is None else dy
    return y, states, torch.autograd.grad(y, tensors, dy)


def close(ours, theirs, what):
    assert ours.dtype in UNIT
    scale = theirs.abs().max() if theirs.numel() else 0
    error = (ours.double() - theirs).abs() - UNIT[ours.dtype] * theirs.abs()
    assert ours.isfinite().all(), what
    assert (error <= LOSS[ours.dtype] * max(scale, 1)).all(), f"{what}: {error.max():.2e} of {scale:.2e}"


def check(make, tensors, rest):
    """y and every gradient are those of the definition, computed in float64 of the same numbers."""
    tensors = [t.detach().requires_grad_() for t in tensors]
    y, _, grads = run(make, tensors, rest)
    exact = [t.detach().double().requires_grad_() for t in tensors]
    expected = OPERATORS[make][1](*exact, *on_device(rest))
    close(y, expected, "y")
    assert y.dtype == tensors[0].dtype
    assert y.stride() == torch.empty_like(tensors[0]).stride()
    theirs = torch.autograd.grad(expected, exact, draw(9)(*y.shape).to(y).double())
    for i, (tensor, ours, other) in enumerate(zip(tensors, grads, theirs, strict=True)):
        close(ours, other, f"gradient {i}")
        assert (ours.dtype, ours.stride()) == (tensor.dtype, torch.empty_like(tensor).stride())
    return y, grads


def test_new_memory_is_poisoned():
    assert torch.empty(3).isnan().all()
    assert torch.empty_like(torch.ones(3)).isnan().all()


def case(make, **shape):
    return make, shape


FEW = [
    case(selective, length=1, width=1),
    case(selective, length=65, states=3),
    case(selective, length=64, width=17, groups=2, softplus=False),
    case(directional, length=1, width=1, count=1, both_ways=False),
    case(directional, length=63, width=40),
    case(directional, length=65, rank=3, states=3),
    case(directional, length=66, both_ways=False),
]
MANY = [
    case(selective, length=130, width=33, groups=2, batch=2),
    case(selective, length=65, width=17, states=16),
    case(selective, length=63, groups=3, states=5, softplus=False),
    case(directional, length=70, width=17, batch=2, count=4),
    case(directional, length=64, width=40, rank=3, states=3),
    case(directional, length=65, states=16),
    case(directional, length=130, count=4, rank=3, both_ways=False),
]


@pytest.mark.parametrize(("make", "shape"), FEW)
def test_outputs_and_gradients_are_those_of_the_definition(make, shape):
    tensors, rest = make(**shape)
    check(make, cast(make, tensors, torch.float64), rest)


@pytest.mark.slow
@pytest.mark.parametrize(("make", "shape"), MANY)
def test_more_shapes(make, shape):
    tensors, rest = make(**shape)
    check(make, cast(make, tensors, torch.float64), rest)


@pytest.mark.slow
@pytest.mark.parametrize("make", [selective, directional])
def test_float32(make):
    tensors, rest = make(length=65, width=40)
    check(make, cast(make, tensors, torch.float32), rest)


@pytest.mark.parametrize("shape", [{"length": 0}, {"batch": 0}])
@pytest.mark.parametrize("make", [selective, directional])
def test_nothing_of_nothing(make, shape):
    tensors, rest = make(**shape)
    tensors = cast(make, tensors, torch.float32)
    y, _states, grads = run(make, tensors, rest)
    assert y.shape == tensors[0].shape
    assert [g.shape for g in grads] == [t.shape for t in tensors]
    assert not any(g.any() for g in grads)


@pytest.mark.parametrize("dtype", KINDS[2:])
def test_half_precision_is_rounded_once(dtype):
    for make, shape in (case(selective), case(directional, count=4)):
        tensors, rest = make(length=9, **shape)
        check(make, cast(make, tensors, dtype), rest)


def test_what_float16_cannot_hold_becomes_its_largest_number():
    for make, shape in (case(selective), case(directional), case(directional, count=4)):
        tensors, rest = make(length=3, **shape)
        tensors[-1 if make is directional else -2] *= 1e6  # D
        y, *_ = run(make, cast(make, tensors, torch.float16), rest)
        assert y.isfinite().all()
        assert y.abs().max() == 65504


@pytest.mark.parametrize(
    "arrange",
    [
        lambda t: t.transpose(1, 2).contiguous().transpose(1, 2),
        lambda t: t.repeat(1, 2, 2)[:, ::2, ::2],
        lambda t: t[:, :, :1].expand_as(t),
    ],
    ids=["channels last", "with gaps", "expanded"],
)
@pytest.mark.parametrize("make", [selective, directional])
def test_any_strides(make, arrange):
    tensors, rest = make(batch=2, length=6, width=4)
    tensors = cast(make, tensors, torch.float64)
    tensors[0] = arrange(tensors[0])
    if make is selective:
        tensors[1] = arrange(tensors[1])
        tensors[4] = tensors[4].transpose(2, 3).contiguous().transpose(2, 3)  # C not as B
    check(make, tensors, rest)


def test_an_output_gradient_of_any_strides():
    for make in (selective, directional):
        tensors, rest = make(length=6)
        tensors = cast(make, tensors, torch.float64)
        dy = torch.ones(1, 1, 1, dtype=torch.float64, device=DEVICE).expand(1, 3, 6)
        ours, theirs = (run(make, tensors, rest, d)[2] for d in (dy, dy.contiguous()))
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_the_states_lie_before_every_64th_token_of_each_direction():
    tensors, rest = directional(length=130, states=2)
    _y, states = library.directional_scan(
        *cast(directional, tensors, torch.float64), *on_device(rest), "triton"
    )
    x, projected, weight, bias, A, _D = tensors
    for k, order in enumerate(directions(rest[0], True)):
        h = torch.zeros(x.shape[1], 2, dtype=torch.float64)
        for i, token in enumerate(order):
            if i % 64 == 0:
                torch.testing.assert_close(states[0, k, i // 64].cpu(), h.T)
            low, b = projected[0, token, k, :1], projected[0, token, k, 1:3]
            dt = torch.nn.functional.softplus(weight[k] @ low + bias[k])[:, None]
            h = torch.exp(dt * A[k]) * h + dt * b * x[0, :, token, None]


@pytest.mark.slow
@pytest.mark.parametrize("make", [selective, directional])
def test_nothing_at_a_masked_token_reaches_a_result(make):
    tensors, rest = make(batch=2, length=65, width=2)
    mask = draw(4)(2, 65) > 0
    mask[0] = False
    rest[-1] = mask
    per_token = {0: mask[:, None], 1: mask[:, None]}
    if make is selective:
        per_token |= {3: mask[:, None, None], 4: mask[:, None, None]}
    else:
        per_token[1] = mask[:, :, None, None]
    tensors = cast(make, tensors, torch.float64)
    for i, there in per_token.items():
        tensors[i] = tensors[i].masked_fill(~there.to(DEVICE), 0)
    y, grads = check(make, tensors, rest)
    outside = ~mask[:, None].to(DEVICE)
    assert not y[outside.expand_as(y)].any()
    assert not grads[0][outside.expand_as(y)].any()
    for i, there in per_token.items():
        tensors[i] = tensors[i].masked_fill(~there.to(DEVICE), torch.nan)
    dy = draw(9)(*y.shape).to(DEVICE)
    poisoned = run(make, tensors, rest, dy.masked_fill(outside, torch.nan))
    assert torch.equal(y, poisoned[0])
    for ours, theirs in zip(poisoned[2], grads, strict=True):
        assert torch.equal(ours, theirs)


def test_what_is_not_a_number_at_a_token_that_counts_reaches_the_output():
    for place in (0, 1):
        tensors, rest = selective(length=70)
        tensors[place][:, 1, 66] = torch.nan
        y, *_ = run(selective, cast(selective, tensors, torch.float32), rest)
        assert y[:, 1, 66:].isnan().all()
        assert y[:, 1, :66].isfinite().all()
        assert y[:, ::2].isfinite().all()


@pytest.mark.slow
def test_two_runs_are_the_same_to_the_bit():
    tensors, rest = directional(length=65, width=33)
    tensors = cast(directional, tensors, torch.float32)
    first, second = (run(directional, tensors, rest) for _ in range(2))
    assert torch.equal(first[0], second[0])
    assert all(torch.equal(a, b) for a, b in zip(first[2], second[2], strict=True))


def test_a_position_outside_the_sequence_is_passed_over():
    tensors, rest = directional(length=9, width=2)
    tensors = cast(directional, tensors, torch.float64)
    rest[0] = torch.arange(9)[None]
    mask = torch.ones(1, 9, dtype=torch.bool)
    mask[:, 4] = False
    there = mask[0].to(DEVICE)
    expected = run(directional, tensors, [*rest[:2], mask])
    for wrong in (-1, 9, 2**40):
        rest[0][0, 4] = wrong
        y, _, grads = run(directional, tensors, rest)
        assert torch.equal(y[..., there], expected[0][..., there])
        assert torch.equal(grads[0][..., there], expected[2][0][..., there])
        assert torch.equal(grads[4], expected[2][4])


@pytest.mark.parametrize("dtype", KINDS[:2])
def test_the_softplus_is_accurate_however_small(dtype):
    v = torch.cat(
        [-torch.logspace(-6, 1.93, 40), torch.logspace(-6, 1.2, 20), torch.tensor([20.0, 20.5, 88])]
    )
    v = v.to(dtype)[None, :, None].to(DEVICE)
    one, zero = torch.ones_like(v), torch.zeros_like(v[0, :, 0])
    inputs = [one, v, -one[0], *2 * [one[:, None, :1]], zero, zero]
    y, _, grads = run(selective, inputs, [True, None], one)
    exact = v.double()
    expected = torch.where(exact > 20, exact, exact.exp().log1p())
    limit = 1e-13 if dtype == torch.float64 else 2**-22
    assert ((y - expected).abs() <= limit * expected).all()
    slope = torch.where(exact > 20, 1, exact.sigmoid())
    assert ((grads[1] - slope).abs() <= limit * slope).all()


def test_decays_of_any_size():
    """The decay of a huge step is 0; a state of 0 stays 0 however the decays grow."""
    tensors, rest = selective(length=130)
    tensors = cast(selective, tensors, torch.float32)
    tensors[2] = torch.full_like(tensors[2], -1e30)
    tensors[1] = tensors[1].abs() + 20
    check(selective, tensors, rest)
    tensors[2] = torch.full_like(tensors[2], 3)
    tensors[0][..., :129] = 0  # exp(3 * 20 * 64) is far beyond float32
    y, *_ = run(selective, tensors, rest)
    close(y, reference.selective_scan(*tensors, *rest).double(), "y")


@pytest.mark.slow
def test_growing_states_and_negative_steps():
    for sign in (1, -1):
        tensors, rest = selective(length=70, states=2, softplus=False)
        tensors[2] = sign * tensors[2].abs() / 8
        tensors[1] = sign * tensors[1].abs()
        check(selective, cast(selective, tensors, torch.float64), rest)


def test_the_carry_over_more_chunks_than_a_tile_has_rows():
    normal = draw()
    values, sums = normal(2, 1, 150, 2, 3).to(DEVICE), normal(2, 1, 150, 3).abs().to(DEVICE)
    A = -normal(1, 3, 2).abs().to(DEVICE) / 4
    h, expected = torch.zeros_like(values[:, :, 0]), []
    for c in range(150):
        h = torch.exp(sums[:, :, c, None] * A.mT) * h + values[:, :, c]
        expected.append(h)
    sizes = {"d": 3, "N": 2, "K": 1, "chunks": 150}
    given = {**sizes, "A": A, "TYPE": tl.float64}
    launch.carry(values, sums, given)
    torch.testing.assert_close(values, torch.stack(expected, 2), rtol=1e-12, atol=1e-12)


@pytest.mark.slow
def test_a_map_by_the_public_function(monkeypatch):
    if not CUDA:
        monkeypatch.setenv("TRITON_INTERPRET", "1")
    backends.problem.cache_clear()
    normal = draw()
    x = normal(1, 4, 8, 9).to(DEVICE, memory_format=torch.channels_last)
    weights = [normal(4, 1 + 2, 4), normal(4, 4, 1), normal(4, 4), normal(16, 1), normal(16)]
    results = []
    for name in ("triton", "reference"):
        tensors = [t.to(DEVICE).requires_grad_() for t in (x.detach().clone(), *weights)]
        y = scan.ss2d_scan(*tensors, order="cross", backend=name)
        assert name == "reference" or y.is_contiguous(memory_format=torch.channels_last)
        results.append([y, *torch.autograd.grad(y.square().sum(), tensors)])
    backends.problem.cache_clear()
    for ours, theirs in zip(*results, strict=True):
        close(ours, theirs, "map")


@pytest.mark.slow
@pytest.mark.skipif(CUDA, reason="every other test runs it")
def test_the_scan_that_gpus_run_is_the_one_that_is_interpreted(monkeypatch):
    monkeypatch.setattr(tiles, "INTERPRETED", tl.constexpr(False))
    tensors, rest = directional(length=40, width=2)
    tensors = cast(directional, tensors, torch.float64)
    y, _states = library.directional_scan(*tensors, *rest, "triton")
    close(y, reference.directional_scan(*tensors, *rest), "y")


@pytest.mark.slow
def test_the_kernels_are_imported_only_where_they_are_used():
    code = "import sys, baselines.ops; sys.exit('baselines.ops.gpu' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.slow
def test_every_kernel_compiles_and_fits_into_registers(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    environment |= {"TRITON_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "benchmarks/compile_triton.py", "--dtype", "float32", "--states", "1"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[2:]]
    assert {row[1] for row in rows} == {
        "chunk_states", "carry_on", "chunk_outputs", "chunk_gradients", "token_gradients",
    }  # fmt: skip
    assert all(int(row[6]) == 0 for row in rows), done.stdout
