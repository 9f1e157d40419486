"""The scans: the definition against a loop, every backend that runs here against the definition."""

import multiprocessing

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scan_oracle import (
    assert_close,
    directional_inputs,
    looped,
    outputs_and_gradients,
    selective_inputs,
)

from baselines.ops import backends, selective_scan, sequence_scan, ss2d_scan
from baselines.ops.paths import directions, map_paths

TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-5}
TYPES = [torch.float64, torch.float32]

# batch, groups, width, states, length
SELECTIVE = [(1, 1, 1, 1, 1), (2, 4, 6, 1, 37), (1, 1, 17, 3, 130), (2, 2, 32, 16, 64), (3, 2, 40, 2, 65)]
# batch, length, width, states, rank
DIRECTIONAL = [(1, 1, 1, 1, 1), (2, 37, 6, 1, 3), (1, 130, 17, 3, 2)]


def some(batch, length, seed=0):
    """A mask that leaves about two thirds of the tokens."""
    return torch.rand(batch, length, generator=torch.Generator().manual_seed(seed)) > 0.3


def looped_selective(*tensors):
    return looped(*tensors, True)


@pytest.mark.parametrize("softplus", [True, False])
@pytest.mark.parametrize("shape", SELECTIVE[:3])
def test_the_definition_is_the_loop(shape, softplus):
    tensors = selective_inputs(*shape)
    if not softplus:  # steps are positive all the same
        tensors[1], tensors[6] = tensors[1].abs() / 10, tensors[6].abs()
    y = selective_scan(*tensors, softplus, backend="reference")
    assert_close([y], [looped(*tensors, softplus)], 1e-12)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("softplus", [True, False])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("shape", SELECTIVE)
def test_the_compiled_selective_scan_and_its_gradients(shape, masked, softplus, dtype):
    tensors = selective_inputs(*shape, dtype=dtype)
    if not softplus:  # steps are positive all the same
        tensors[1], tensors[6] = tensors[1].abs() / 10, tensors[6].abs()
    mask = (
        torch.rand(shape[0], shape[4], generator=torch.Generator().manual_seed(0)) > 0.3 if masked else None
    )
    ours = outputs_and_gradients(lambda *t: selective_scan(*t, softplus, "cpu", mask), tensors)
    theirs = outputs_and_gradients(
        lambda *t: selective_scan(*t, softplus, "reference", mask), [t.double() for t in tensors]
    )
    assert_close(ours, theirs, TOLERANCE[dtype] * 10)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("shape", DIRECTIONAL)
def test_the_compiled_directional_scan_and_its_gradients(shape, both_ways, masked, dtype):
    batch, length, width, states, rank = shape
    tensors = directional_inputs(batch, length, width, 2, states, rank, dtype)
    g = torch.Generator().manual_seed(0)
    paths = torch.stack([torch.randperm(length, generator=g) for _ in range(1 if both_ways else 2)])
    mask = some(batch, length) if masked else None
    theirs = outputs_and_gradients(
        lambda *t: sequence_scan(*t, paths, both_ways, mask, "reference"), [t.double() for t in tensors]
    )
    for layout in (lambda x: x, lambda x: x.mT.contiguous().mT, lambda x: x.repeat_interleave(2, 0)[::2]):

        def ours(x, *weights, layout=layout):
            return sequence_scan(layout(x), *weights, paths, both_ways, mask, "cpu")

        assert_close(outputs_and_gradients(ours, tensors), theirs, TOLERANCE[dtype] * 10)


@settings(max_examples=30, deadline=None)
@given(
    batch=st.integers(0, 2), groups=st.integers(1, 3), width=st.integers(1, 35), states=st.integers(1, 5),
    length=st.integers(1, 140), masked=st.booleans(), seed=st.integers(0, 99),
)  # fmt: skip
def test_any_shape(batch, groups, width, states, length, masked, seed):
    tensors = selective_inputs(batch, groups, width, states, length, torch.float32, seed)
    mask = some(batch, length, seed) if masked else None
    ours = outputs_and_gradients(lambda *t: selective_scan(*t, True, "cpu", mask), tensors)
    theirs = outputs_and_gradients(lambda *t: selective_scan(*t, True, "reference", mask), tensors)
    assert_close(ours, theirs, 2e-4)


@settings(max_examples=20, deadline=None)
@given(
    batch=st.integers(0, 2), height=st.integers(1, 9), breadth=st.integers(1, 9), width=st.integers(1, 20),
    states=st.integers(1, 3), order=st.sampled_from(["cross", "bidirectional"]), seed=st.integers(0, 99),
)  # fmt: skip
def test_any_map(batch, height, breadth, width, states, order, seed):
    x, *weights = directional_inputs(batch, height * breadth, width, 4, states, 1, torch.float32, seed)
    tensors = [x.mT.unflatten(2, (height, breadth)), *weights]
    ours = outputs_and_gradients(lambda *t: ss2d_scan(*t, order, "cpu"), tensors)
    assert_close(ours, outputs_and_gradients(lambda *t: ss2d_scan(*t, order, "reference"), tensors), 2e-4)


def test_the_map_scan_is_four_unfolded_scans():
    """The fused scan against the definition of VMamba spelled out with flips and transpositions."""
    x, xp, dw, db, logs, D = directional_inputs(2, 20, 6, 4, 2, 3)
    image = x.mT.unflatten(2, (4, 5))
    maps = [image.flatten(2), image.mT.flatten(2)]
    total = torch.zeros_like(image)
    for k in range(4):
        u = maps[k % 2].flip(2) if k >= 2 else maps[k % 2]
        steps, B, C = (xp[k] @ u).split([3, 2, 2], 1)
        part = slice(k * 6, k * 6 + 6)
        y = selective_scan(
            u,
            dw[k] @ steps,
            -torch.exp(logs[part]),
            B[:, None],
            C[:, None],
            D[part],
            db[k],
            True,
            "reference",
        )
        y = y.flip(2) if k >= 2 else y
        total += y.unflatten(2, (5, 4)).mT if k % 2 else y.unflatten(2, (4, 5))
    for name in ("reference", "cpu"):
        assert_close([ss2d_scan(image, xp, dw, db, logs, D, backend=name)], [total], 1e-12)


def test_a_transposed_map_exchanges_rows_and_columns():
    x, *weights = directional_inputs(1, 35, 8)
    image = x.mT.unflatten(2, (5, 7))

    def exchanged(w):
        return w.unflatten(0, (4, -1))[[1, 0, 3, 2]].flatten(0, 1)

    y = ss2d_scan(image, *weights, backend="cpu")
    other = ss2d_scan(image.mT.contiguous(), *(exchanged(w) for w in weights), backend="cpu")
    assert_close([other.mT], [y], 1e-13)


@pytest.mark.parametrize("order", ["cross", "bidirectional"])
def test_the_orders_visit_every_position_once(order):
    for k, visited in enumerate(directions(map_paths(3, 4, order), True)):
        assert visited.sort().values.tolist() == list(range(12))
        first = {"cross": [0, 0, 11, 11], "bidirectional": [0, 0, 11, 11]}[order][k]
        assert visited[0] == first
    assert map_paths(2, 3, "cross").tolist() == [[0, 1, 2, 3, 4, 5], [0, 3, 1, 4, 2, 5]]
    assert map_paths(2, 3, "bidirectional").tolist() == [[0, 1, 2, 3, 4, 5]] * 2


@pytest.mark.parametrize("name", ["reference", "cpu"])
def test_gradcheck(name):
    tensors = [t.requires_grad_() for t in selective_inputs(1, 2, 2, 2, 7)]
    tensors[1].data.clamp_(max=5)  # not across the threshold, where the derivative jumps by 2e-9
    assert torch.autograd.gradcheck(lambda *t: selective_scan(*t, True, name), tensors)
    tensors = [t.requires_grad_() for t in directional_inputs(1, 6, 3, 2, 1, 1)]
    assert torch.autograd.gradcheck(lambda *t: sequence_scan(*t, backend=name), tensors)


def test_a_backward_pass_is_the_same_to_the_bit_on_any_number_of_threads(monkeypatch):
    monkeypatch.setattr("baselines.ops.cpu.jobs.SMALL", 0)
    tensors = directional_inputs(2, 150, 70, 4, 2, 3, torch.float32)
    flat = selective_inputs(2, 4, 35, 2, 150, torch.float32)
    paths = map_paths(10, 15, "cross")
    threads = torch.get_num_threads()
    runs = []
    try:
        for count in (1, 2, 3, 3):
            torch.set_num_threads(count)
            runs.append(
                outputs_and_gradients(lambda *t: sequence_scan(*t, paths, backend="cpu"), tensors)[:1]
                + outputs_and_gradients(lambda *t: selective_scan(*t, True, "cpu"), flat)
            )
    finally:
        torch.set_num_threads(threads)
    for other in runs[1:]:
        assert all(torch.equal(a, b) for a, b in zip(runs[0], other, strict=True))


@pytest.fixture
def poison():
    """New memory is full of NaN, so whatever is left unwritten shows."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = True
    assert torch.empty(3).isnan().all()
    yield
    torch.use_deterministic_algorithms(before)


@pytest.mark.usefixtures("poison")
@pytest.mark.parametrize("masked", [False, True])
def test_everything_is_written(masked):
    mask = torch.zeros(2, 70, dtype=torch.bool) if masked else None
    if masked:
        mask[0, 5:9] = True  # and nothing at all in the second
    results = outputs_and_gradients(
        lambda *t: selective_scan(*t, True, "cpu", mask), selective_inputs(2, 2, 19, 2, 70, torch.float32)
    ) + outputs_and_gradients(
        lambda *t: sequence_scan(*t, mask=mask, backend="cpu"),
        directional_inputs(2, 70, 19, 2, 2, 3, torch.float32),
    )
    assert all(t.isfinite().all() for t in results)


@pytest.mark.parametrize("name", ["reference", "cpu"])
def test_a_masked_token_is_as_if_it_were_not_there(name):
    """Sequences of different lengths in one batch; what stands in the padding is NaN."""
    x, *weights = directional_inputs(3, 40, 6, 2, 2, 1)
    lengths = [40, 23, 1]
    mask = torch.arange(40) < torch.tensor(lengths)[:, None]
    padded = x.masked_fill(~mask[..., None], torch.nan)
    y, *grads = outputs_and_gradients(
        lambda *t: sequence_scan(*t, mask=mask, backend=name), [padded, *weights]
    )
    for i, length in enumerate(lengths):
        alone = sequence_scan(x[i : i + 1, :length], *weights, backend=name)
        assert_close([y[i : i + 1, :length]], [alone], 1e-13)
        assert (y[i, length:] == 0).all()
        assert (grads[0][i, length:] == 0).all()
    assert all(g.isfinite().all() for g in grads)


@pytest.mark.parametrize("name", ["reference", "cpu"])
def test_nan_under_a_mask_reaches_nothing_and_elsewhere_reaches_the_output(name):
    tensors = selective_inputs(1, 1, 3, 2, 12)
    mask = torch.ones(1, 12, dtype=torch.bool)
    mask[0, 4] = False
    for t in tensors[:2] + tensors[3:5]:
        t[..., 4] = torch.nan
    results = outputs_and_gradients(lambda *t: selective_scan(*t, True, name, mask), tensors)
    assert all(t.isfinite().all() for t in results)
    for which in (0, 1, 3, 4):
        clean = selective_inputs(1, 1, 3, 2, 12, torch.float32)
        clean[which][..., 6] = torch.nan
        y = selective_scan(*clean, True, name)
        assert y[..., :6].isfinite().all()
        assert y[..., 6].isnan().all()


@pytest.mark.parametrize("name", ["reference", "cpu"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_a_wide_state(name, dtype):
    tensors = selective_inputs(2, 2, 17, 2, 200, dtype)
    y = selective_scan(*tensors, True, name)
    assert y.dtype == dtype
    expected = selective_scan(*[t.double() for t in tensors], True, "reference")
    eps = torch.finfo(dtype).eps
    torch.testing.assert_close(y.double(), expected, rtol=eps, atol=1e-4)  # one rounding, at the end
    _, *gradients = outputs_and_gradients(lambda *t: selective_scan(*t, True, name), tensors)
    assert all(g.dtype == dtype and g.isfinite().all() for g in gradients)


@pytest.mark.parametrize("name", ["reference", "cpu"])
def test_finite_numbers_however_large_overflow_nothing(name):
    half = [t.half() for t in selective_inputs(1, 1, 4, 1, 50)]
    half[0].fill_(6e4)
    half[1].fill_(6e4)
    y = selective_scan(*half, True, name)
    assert y.isfinite().all()
    x, xp, dw, db, logs, D = directional_inputs(1, 30, 5, 2, 2, 1, torch.float32)
    for extreme in (-1e3, -100, 100, 1e3):
        for shift in (-1e4, -200, 200, 1e4):
            results = outputs_and_gradients(
                lambda *t: sequence_scan(*t, backend=name), [x, xp, dw, db + shift, logs * 0 + extreme, D]
            )
            assert all(t.isfinite().all() for t in results), (extreme, shift)


def test_a_decay_that_grows_is_still_the_definition():
    """A positive rate is unusual, and a step without softplus may be negative; both mean what they say."""
    tensors = selective_inputs(1, 1, 4, 2, 30)
    tensors[1] = tensors[1].clamp(-1, 1) * 0.3
    tensors[2] = tensors[2].abs()
    ours = outputs_and_gradients(lambda *t: selective_scan(*t, False, "cpu"), tensors)
    assert_close(
        ours, outputs_and_gradients(lambda *t: selective_scan(*t, False, "reference"), tensors), 1e-11
    )


@pytest.mark.parametrize("states", [1, 64])
def test_the_longest_sequence(states):
    """65,536 tokens of constant input against the sum of a geometric series."""
    length, step, rate = 65536, 0.01, 0.1
    one = torch.ones(1, 1, length)
    maps = torch.full((1, 1, states, length), 1 / states)
    y = selective_scan(
        one, one * step, torch.full((1, states), -rate), maps, torch.ones_like(maps), backend="cpu"
    )
    decay = torch.exp(torch.tensor(-step * rate, dtype=torch.float64))
    expected = step * (1 - decay ** torch.arange(1, length + 1, dtype=torch.float64)) / (1 - decay)
    torch.testing.assert_close(y[0, 0].double(), expected, rtol=2e-4, atol=0)


def test_layouts_are_kept_and_do_not_matter():
    x, *weights = directional_inputs(2, 30, 20, 4, 1, 2, torch.float32)
    image = x.mT.unflatten(2, (5, 6)).contiguous()
    y = ss2d_scan(image, *weights)
    last = ss2d_scan(image.to(memory_format=torch.channels_last), *weights)
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert y.is_contiguous()
    torch.testing.assert_close(last, y, rtol=1e-5, atol=1e-5)
    plain = ss2d_scan(image.to(memory_format=torch.channels_last), *weights, backend="reference")
    assert plain.stride() == last.stride()
    u, delta, *rest = selective_inputs(2, 2, 20, 2, 40, torch.float32)
    wide = [torch.stack([t, t], 3).flatten(2)[..., ::2] for t in (u, delta)]
    assert not wide[0].is_contiguous()
    assert torch.equal(
        selective_scan(*wide, *rest, True, "cpu"), selective_scan(u, delta, *rest, True, "cpu")
    )
    swapped = [t.mT.contiguous().mT for t in (u, delta)]
    assert torch.equal(
        selective_scan(*swapped, *rest, True, "cpu"), selective_scan(u, delta, *rest, True, "cpu")
    )


def test_mixed_precision_reaches_the_scan_as_it_is():
    """Under autocast the projections are bfloat16 beside float32 inputs; gradients keep their types."""
    tensors = directional_inputs(2, 30, 8, 4, 1, 2, torch.float32)
    paths = map_paths(5, 6, "cross")
    exact = outputs_and_gradients(lambda *t: sequence_scan(*t, paths, backend="cpu"), tensors)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = outputs_and_gradients(lambda *t: sequence_scan(*t, paths, backend="cpu"), tensors)
    assert all(a.dtype == torch.float32 for a in mixed)
    assert_close(mixed, exact, 0.05)
    assert not torch.equal(mixed[0], exact[0])


def test_autocast_leaves_the_steps_of_the_definition_alone():
    x, *weights = directional_inputs(2, 30, 8, 4, 1, 2, torch.float32)
    paths = map_paths(5, 6, "cross")
    with torch.autocast("cpu", torch.bfloat16):
        ours = sequence_scan(x, *weights, paths, backend="cpu")
        theirs = sequence_scan(x, *weights, paths, backend="reference")
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_forward_mode_is_refused_where_it_would_be_zero():
    u, *rest = selective_inputs(1, 1, 2, 2, 7)
    _, exact = torch.func.jvp(lambda t: selective_scan(t, *rest, True, "reference"), (u,), (u,))
    assert_close([exact], [selective_scan(u, *rest, True, "reference")], 1e-12)  # it is linear in u
    x, *weights = directional_inputs(1, 12, 4, 2, 1, 1)
    for scan, t in (
        (lambda t: selective_scan(t, *rest, True, "cpu"), u),
        (lambda t: sequence_scan(t, *weights, backend="cpu"), x),
    ):
        with pytest.raises(ValueError, match="no forward-mode derivative"):
            torch.func.jvp(scan, (t,), (t,))


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_a_sequence_of_no_tokens(backend):
    assert selective_scan(*selective_inputs(2, 2, 3, 2, 0), True, backend).shape == (2, 6, 0)
    x, *weights = directional_inputs(2, 6, 5, 4, 2, 3)
    image = x.mT.unflatten(2, (2, 3))[:, :, :0]
    assert ss2d_scan(image, *weights, backend=backend).shape == (2, 5, 0, 3)


@pytest.mark.slow
def test_compile_and_export_do_not_break_the_graph():
    x, *weights = directional_inputs(1, 12, 4, 4, 1, 1, torch.float32)
    image = x.mT.unflatten(2, (3, 4)).contiguous()

    class Model(torch.nn.Module):
        def forward(self, image):
            return ss2d_scan(image * 2, *weights, backend="cpu").relu()

    expected = Model()(image)
    compiled = torch.compile(Model(), backend="aot_eager", fullgraph=True)
    ours = outputs_and_gradients(compiled, [image])
    assert_close(ours, outputs_and_gradients(Model(), [image]), 1e-6)
    exported = torch.export.export(Model(), (image,))
    assert any("rebench.directional_scan" in str(node.target) for node in exported.graph.nodes)
    torch.testing.assert_close(exported.module()(image), expected)


@pytest.mark.slow
@pytest.mark.parametrize("masked", [False, True])
def test_the_operators_keep_their_promises(masked):
    """PyTorch's own check of schemas, fake kernels and gradients."""
    tensors = [t.requires_grad_() for t in selective_inputs(2, 1, 3, 2, 9)]
    mask = torch.rand(2, 9) > 0.5 if masked else None
    torch.library.opcheck(torch.ops.rebench.selective_scan.default, (*tensors, True, mask, "cpu"))
    x = torch.randn(2, 9, 4, dtype=torch.float64).mT.requires_grad_()
    projected = torch.randn(2, 9, 2, 5, dtype=torch.float64, requires_grad=True)
    rest = [torch.randn(2, *s, dtype=torch.float64, requires_grad=True) for s in ((4, 1), (4,), (4, 2), (4,))]
    paths = torch.randperm(9)[None]
    arguments = (x, projected, *rest, paths, True, mask, "cpu")
    torch.library.opcheck(torch.ops.rebench.directional_scan.default, arguments)


def test_a_map_that_was_seen_in_inference_can_be_trained_on():
    x, *weights = directional_inputs(1, 77, 4, 4, 1, 1, torch.float32)
    image = x.mT.unflatten(2, (7, 11))
    with torch.inference_mode():
        expected = ss2d_scan(image, *weights)
    image = image.clone().requires_grad_()
    y = ss2d_scan(image, *weights)
    y.sum().backward()
    assert torch.equal(y.detach(), expected)
    assert image.grad.isfinite().all()


def test_flops_are_counted():
    from torch.utils.flop_counter import FlopCounterMode

    from baselines.ops.library import scan_flops

    x, *weights = directional_inputs(1, 30, 8, 4, 2, 3, torch.float32)
    with FlopCounterMode(display=False) as counter:
        ss2d_scan(x.mT.unflatten(2, (5, 6)), *weights)
    counts = counter.get_flop_counts()["Global"]
    assert counts[torch.ops.rebench.directional_scan] == scan_flops(30 * 8 * 4, 2, 3) == 30 * 8 * 4 * 26


def test_the_backend_is_the_argument_then_the_variable_then_the_best(monkeypatch):
    monkeypatch.delenv("REBENCH_SCAN", raising=False)
    assert backends.choose("cpu") == "cpu"
    monkeypatch.setenv("REBENCH_SCAN", "reference")
    assert backends.choose("cpu") == "reference"
    assert backends.choose("cpu", "cpu") == "cpu"


@pytest.mark.parametrize(
    ("name", "words"),
    [("cuda", "there is no such scan"), ("mamba_ssm", "needs CUDA tensors"), ("numba", "there are .* cpu")],
)
def test_a_backend_that_cannot_work_is_refused_in_one_line(monkeypatch, name, words):
    monkeypatch.setenv("REBENCH_SCAN", name)
    with pytest.raises(ValueError, match=words) as caught:
        selective_scan(*selective_inputs())
    assert "\n" not in str(caught.value)
    assert "REBENCH_SCAN" in str(caught.value)


def test_a_fallback_is_said_once(monkeypatch, caplog):
    monkeypatch.delenv("REBENCH_SCAN", raising=False)
    monkeypatch.setattr(backends, "problem", lambda name, kind: "numba is not installed")
    backends._best.cache_clear()
    try:
        assert backends.choose("cpu") == backends.choose("cpu") == "reference"
    finally:
        backends._best.cache_clear()
    assert [r.getMessage() for r in caplog.records] == [
        "the scan on cpu falls back to slow plain PyTorch: numba is not installed"
    ]


def test_shapes_that_do_not_fit_are_named():
    u, delta, A, B, C, D, _ = selective_inputs()
    for wrong, words in (
        ((u, delta[..., 1:], A, B, C), "delta must have the shape"),
        ((u, delta, A, B, C[:, :1]), "C must have the shape"),
        ((u[:, :7], delta[:, :7], A[:7], B, C), "7 channels"),
        ((u, delta, A, B, C, D[1:]), "D must have the shape"),
    ):
        with pytest.raises(ValueError, match=words):
            selective_scan(*wrong)
    with pytest.raises(ValueError, match="u must be floating point"):
        selective_scan(u.long(), delta, A, B, C)
    with pytest.raises(ValueError, match="mask must be bool"):
        selective_scan(u, delta, A, B, C, mask=torch.ones(2, 21))
    x, *weights = directional_inputs()
    with pytest.raises(ValueError, match="mask must be bool"):
        sequence_scan(x, *(w[: len(w) // 2] for w in weights), mask=torch.ones(2, 21))
    with pytest.raises(ValueError, match="paths must have the shape"):
        sequence_scan(x, *weights, torch.arange(21)[None])
    with pytest.raises(ValueError, match="both ways"):
        sequence_scan(x, *(w[: len(w) * 3 // 4] for w in weights), torch.arange(21)[None])
    with pytest.raises(ValueError, match="no scan order"):
        ss2d_scan(x.mT.unflatten(2, (3, 7)), *weights, order="spiral")
    maps = x.mT.unflatten(2, (3, 7))
    with pytest.raises(ValueError, match="4 directions"):
        ss2d_scan(maps, *(w[: len(w) * 3 // 4] for w in weights))
    for flat in (weights[3].flatten(), weights[3].sum()):
        with pytest.raises(ValueError, match="A_logs must have 2 axes"):
            ss2d_scan(maps, *weights[:3], flat, weights[4])
    half = [w[: len(w) // 2] for w in weights]
    for path in ([0] * 21, [*range(20), 21], [*range(20), -1]):
        for backend in ("cpu", "reference"):
            with pytest.raises(ValueError, match="every position"):
                sequence_scan(x, *half, torch.tensor([path]), backend=backend)
    with pytest.raises(ValueError, match="whole numbers"):
        sequence_scan(x, *half, torch.arange(21.0)[None])
    with pytest.raises(ValueError, match="A must be real"):
        selective_scan(u, delta, A.to(torch.complex64), B, C)
    with pytest.raises(ValueError, match="A_logs must be real"):
        sequence_scan(x, *half[:3], half[3].to(torch.complex64), half[4])


def _scan_in_a_child(queue):
    queue.put(float(selective_scan(*selective_inputs(2, 2, 40, 1, 80, torch.float32), True, "cpu").sum()))


def test_a_forked_process_can_scan_too(monkeypatch):
    """Data loaders fork; threads of the parent do not live on in the child."""
    monkeypatch.setattr("baselines.ops.cpu.jobs.SMALL", 0)
    torch_threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        here = float(selective_scan(*selective_inputs(2, 2, 40, 1, 80, torch.float32), True, "cpu").sum())
        context = multiprocessing.get_context("fork")
        queue = context.Queue()
        child = context.Process(target=_scan_in_a_child, args=(queue,), daemon=True)
        child.start()
        assert queue.get(timeout=60) == here
        child.join(60)
        assert child.exitcode == 0
    finally:
        torch.set_num_threads(torch_threads)
