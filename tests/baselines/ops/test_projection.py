"""The projection on the threads of the scan, against the matrix product that it is."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scan_oracle import assert_close, directional_inputs, outputs_and_gradients
from torch.utils.flop_counter import FlopCounterMode

from baselines.ops import ss2d_scan
from baselines.ops.library import project

LAYOUTS = {
    "contiguous": lambda x: x,
    "channels last": lambda x: x.mT.contiguous().mT,
    "every other token": lambda x: x.repeat_interleave(2, 2)[:, :, ::2],
    "every other batch element": lambda x: x.repeat_interleave(2, 0)[::2],
    "part of something larger": lambda x: torch.nn.functional.pad(x, (3, 2, 1, 4))[:, 1:-4, 3:-2],
}


def inputs(batch=2, width=5, length=33, outputs=11, dtype=torch.float64, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, width, length, generator=g, dtype=torch.float64)
    rows = torch.randn(outputs, width, generator=g, dtype=torch.float64) / width**0.5
    return [x.to(dtype), rows.to(dtype)]


def plain(x, rows):
    return torch.einsum("bdl,jd->blj", x, rows)


# batch, width, length, outputs: beside multiples of the lanes and of the rows taken at once, and a model's
SHAPES = [(1, 1, 1, 1), (2, 3, 15, 7), (1, 16, 16, 8), (3, 17, 17, 9), (1, 256, 100, 40)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 2e-6)])
def test_it_is_the_matrix_product_and_so_are_its_gradients(shape, layout, dtype, tolerance):
    tensors = inputs(*shape, dtype=dtype)
    ours = outputs_and_gradients(lambda x, rows: project(LAYOUTS[layout](x), rows), tensors)
    theirs = outputs_and_gradients(plain, [t.double() for t in tensors])
    assert ours[0].dtype == dtype
    assert_close(ours, theirs, tolerance)


@settings(max_examples=50)
@given(
    st.integers(0, 3), st.integers(0, 40), st.integers(0, 70), st.integers(1, 30), st.sampled_from([*LAYOUTS])
)
def test_any_shape_of_it(batch, width, length, outputs, layout):
    x, rows = inputs(batch, width, length, outputs)
    assert_close([project(LAYOUTS[layout](x), rows)], [plain(x, rows)], 1e-12)


def test_rows_of_any_strides():
    x, rows = inputs()
    other = rows.t().contiguous().t()
    assert other.stride() != rows.stride()
    assert torch.equal(project(x, other), project(x, rows))


def test_gradcheck_of_it():
    tensors = [t.requires_grad_() for t in inputs(2, 3, 5, 3)]
    assert torch.autograd.gradcheck(project, tensors)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_rounded_once(dtype):
    tensors = inputs(2, 100, 33, 11, dtype)
    ours = project(*tensors)
    assert torch.equal(ours, project(*(t.float() for t in tensors)).to(dtype))
    gradients = outputs_and_gradients(project, tensors)[1:]
    assert all(g.dtype == dtype and g.isfinite().all() for g in gradients)


def test_a_token_that_is_no_number_spoils_itself_alone():
    """What an earlier token left where a job works must not reach a later one."""
    x, rows = inputs(2, 5, 40)
    clean = project(x, rows)
    x[0, 3, 7], x[0, 2, 39] = torch.nan, torch.inf
    y = project(x, rows)
    spoiled = torch.zeros(2, 40, dtype=torch.bool)
    spoiled[0, [7, 39]] = True
    assert not y[spoiled].isfinite().any()
    assert torch.equal(y[~spoiled], clean[~spoiled])


def test_it_is_the_same_to_the_bit_on_any_number_of_threads(monkeypatch):
    monkeypatch.setattr("baselines.ops.cpu.jobs.SMALL", 0)
    tensors = inputs(2, 70, 500, 19, torch.float32)
    threads = torch.get_num_threads()
    runs = []
    try:
        for count in (1, 2, 3, 3):
            torch.set_num_threads(count)
            runs.append(project(*tensors))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(runs[0], other) for other in runs[1:])


def map_inputs():
    x, *weights = directional_inputs(1, 30, 8, 4, 2, 3, torch.float32)
    return [x.mT.unflatten(2, (5, 6)), *weights]


@pytest.mark.parametrize(("backend", "mixed"), [("cpu", False), ("cpu", True), ("reference", False)])
def test_the_compiled_scan_uses_it_and_its_operations_are_counted(backend, mixed):
    """Under autocast the type of a product is PyTorch's to decide, and the reference stays plain."""
    with FlopCounterMode(display=False) as counter, torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        ss2d_scan(*map_inputs(), backend=backend)
    counts = counter.get_flop_counts()["Global"]
    if backend == "cpu" and not mixed:
        assert counts[torch.ops.rebench.project] == 2 * 30 * 8 * 4 * (3 + 2 * 2)
    else:
        assert torch.ops.rebench.project not in counts


@pytest.mark.parametrize("which", range(6))
def test_a_tangent_of_any_input_is_refused(which):
    tensors = map_inputs()

    def of_one(t):
        return ss2d_scan(*tensors[:which], t, *tensors[which + 1 :], backend="cpu")

    with pytest.raises(ValueError, match="no forward-mode derivative"):
        torch.func.jvp(of_one, (tensors[which],), (tensors[which],))


@pytest.mark.slow
def test_the_operator_keeps_its_promises():
    """PyTorch's own check of the schema, the fake kernel and the gradients."""
    x, rows = inputs()
    for layout in LAYOUTS.values():
        torch.library.opcheck(
            torch.ops.rebench.project.default, (layout(x).requires_grad_(), rows.requires_grad_())
        )
