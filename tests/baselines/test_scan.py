"""The scans against a loop that anybody can read, with every gradient."""

import pytest
import torch

from baselines.ops import scan

cpu = pytest.importorskip("baselines.ops.cpu", reason="numba is not installed")


def looped(x, dt, A, B, C, D, orders):
    """One direction after another, one position after another."""
    total = torch.zeros_like(x)
    for k, order in enumerate(orders):
        h = torch.zeros_like(x[:, 0])
        outputs = [torch.zeros_like(h)] * len(order)
        for p in order.tolist():
            h = torch.exp(dt[:, k, p] * A[k]) * h + dt[:, k, p] * B[:, k, p, None] * x[:, p]
            outputs[p] = C[:, k, p, None] * h + D[k] * x[:, p]
        total = total + torch.stack(outputs, 1)
    return total


def inputs(batch=2, length=13, directions=2, width=5, seed=0, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=g, dtype=dtype)

    tensors = [
        draw(batch, length, width),
        draw(batch, directions, length, width).abs(),
        -draw(directions, width).abs() - 0.01,
        draw(batch, directions, length),
        draw(batch, directions, length),
        draw(directions, width),
    ]
    orders = torch.stack([torch.randperm(length, generator=g) for _ in range(directions)])
    return [t.requires_grad_() for t in tensors], orders


SHAPES = [(1, 1, 1, 1), (2, 13, 2, 5), (3, 64, 4, 17), (1, 257, 1, 3), (0, 5, 2, 4)]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_blocked_scan_equals_the_loop(shape):
    tensors, orders = inputs(*shape)
    y, expected = scan.directional_scan(*tensors, orders), looped(*tensors, orders)
    torch.testing.assert_close(y, expected, rtol=1e-12, atol=1e-12)
    out = torch.randn_like(y)
    for ours, theirs in zip(
        torch.autograd.grad(y, tensors, out), torch.autograd.grad(expected, tensors, out), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_compiled_scan_equals_the_loop(shape):
    tensors, orders = inputs(*shape)
    single = [t.detach().float().requires_grad_() for t in tensors]
    y, expected = cpu.DirectionalScan.apply(*single, orders), looped(*tensors, orders)
    torch.testing.assert_close(y.double(), expected, rtol=2e-5, atol=2e-5)
    out = torch.randn_like(expected)
    ours = torch.autograd.grad(y, single, out.float())
    for a, b in zip(ours, torch.autograd.grad(expected, tensors, out), strict=True):
        torch.testing.assert_close(
            a.double(), b, rtol=1e-4, atol=1e-4 * max(b.abs().max().item() if b.numel() else 0, 1)
        )


def test_gradients_of_the_recurrence():
    a = torch.rand(2, 11, 3, dtype=torch.float64, requires_grad=True)
    b = torch.randn(2, 11, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(scan.recurrence, (a, b))


def test_selective_scan_is_the_directional_scan_of_one_direction():
    (x, dt, A, B, C, D), _ = inputs(directions=1)
    along = torch.arange(x.shape[1])[None]
    y = scan.selective_scan(
        x.transpose(1, 2), dt[:, 0].transpose(1, 2), A[0][:, None], B[:, :, None], C[:, :, None], D[0]
    )
    torch.testing.assert_close(y.transpose(1, 2), scan.directional_scan(x, dt, A, B, C, D, along))


def test_selective_scan_with_bias_softplus_and_a_wide_state():
    g = torch.Generator().manual_seed(1)
    u, delta = (torch.randn(2, 6, 9, generator=g, dtype=torch.float64) for _ in range(2))
    A = -torch.rand(6, 4, generator=g, dtype=torch.float64)
    B, C = (torch.randn(2, 3, 4, 9, generator=g, dtype=torch.float64) for _ in range(2))
    bias = torch.randn(6, generator=g, dtype=torch.float64)
    dt = torch.nn.functional.softplus(delta + bias[:, None])
    h, rows = torch.zeros(2, 6, 4, dtype=torch.float64), []
    for t in range(9):
        b, c = (m[..., t].repeat_interleave(2, 1) for m in (B, C))
        h = torch.exp(dt[:, :, t, None] * A) * h + (dt[:, :, t] * u[:, :, t])[..., None] * b
        rows.append((h * c).sum(-1))
    y = scan.selective_scan(u, delta, A, B, C, delta_bias=bias, delta_softplus=True)
    torch.testing.assert_close(y, torch.stack(rows, -1))


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_a_position_without_a_step_changes_nothing(kind):
    """Padding: a step of 0 leaves the state alone, wherever it stands."""
    (x, dt, A, B, C, D), _ = inputs(length=8, directions=1, dtype=kind)
    keep = torch.tensor([0, 1, 3, 4, 6])
    with torch.no_grad():
        dt[:, :, [2, 5, 7]] = 0
        whole = scan.directional_scan(x, dt, A, B, C, D, torch.arange(8)[None])
        short = scan.directional_scan(
            x[:, keep], dt[:, :, keep], A, B[:, :, keep], C[:, :, keep], D, torch.arange(5)[None]
        )
    torch.testing.assert_close(whole[:, keep], short)


def test_huge_steps_do_not_overflow():
    (x, dt, A, B, C, D), orders = inputs(dtype=torch.float32)
    with torch.no_grad():
        y = scan.directional_scan(x, dt * 1e4, A * 1e4, B, C, D, orders)
    assert torch.isfinite(y).all()


def test_two_backward_passes_are_the_same_to_the_bit():
    tensors, orders = inputs(3, 200, 4, 24, dtype=torch.float32)
    grads = [torch.autograd.grad(scan.directional_scan(*tensors, orders).sum(), tensors) for _ in range(2)]
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))
