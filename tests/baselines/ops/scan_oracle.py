"""The scan written a second time, in NumPy and one number after another, and tensors to try scans on."""

import numpy as np
import torch


def looped(u, delta, A, B, C, D, bias, softplus):
    """y of the selective scan; plain loops over batch, channel, token and state."""
    u, delta, A, B, C, D, bias = (t.detach().double().numpy() for t in (u, delta, A, B, C, D, bias))
    y = np.zeros(u.shape)
    per_group = u.shape[1] // B.shape[1]
    for i in range(u.shape[0]):
        for c in range(u.shape[1]):
            k = c // per_group
            h = np.zeros(A.shape[1])
            for t in range(u.shape[2]):
                step = delta[i, c, t] + bias[c]
                if softplus and step <= 20:
                    step = np.log1p(np.exp(step))
                for n in range(A.shape[1]):
                    h[n] = np.exp(step * A[c, n]) * h[n] + step * B[i, k, n, t] * u[i, c, t]
                    y[i, c, t] += C[i, k, n, t] * h[n]
                y[i, c, t] += D[c] * u[i, c, t]
    return torch.tensor(y)


def selective_inputs(batch=2, groups=2, width=5, states=3, length=21, dtype=torch.float64, seed=0):
    """u, delta, A, B, C, D and bias; some steps lie beyond the threshold of softplus."""
    g = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    channels = groups * width
    tensors = [
        draw(batch, channels, length),
        draw(batch, channels, length) * 2 + 20 * (draw(batch, channels, length) > 2),
        -draw(channels, states).abs() - 0.05,
        draw(batch, groups, states, length),
        draw(batch, groups, states, length),
        draw(channels),
        draw(channels) - 1,
    ]
    return [t.to(dtype) for t in tensors]


def directional_inputs(
    batch=2, length=21, width=5, directions=4, states=3, rank=2, dtype=torch.float64, seed=0
):
    """x (batch, L, d) and the five weights of `sequence_scan`."""
    g = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    tensors = [
        draw(batch, length, width),
        draw(directions, rank + 2 * states, width) / width**0.5,
        draw(directions, width, rank),
        draw(directions, width) - 1,
        draw(directions * width, states) / 2,
        draw(directions * width),
    ]
    return [t.to(dtype) for t in tensors]


def outputs_and_gradients(scan, tensors, seed=1):
    """y and the gradient of every tensor, for an output gradient drawn by seed."""
    tensors = [t.detach().clone().requires_grad_() for t in tensors]
    y = scan(*tensors)
    g = torch.Generator().manual_seed(seed)
    dy = torch.randn(y.shape, generator=g, dtype=torch.float64).to(y.dtype)
    return [y.detach(), *torch.autograd.grad(y, tensors, dy)]


def assert_close(ours, theirs, tolerance):
    """Every tensor within a tolerance of the largest number of its counterpart, or of 1."""
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        if b.numel():
            scale = max(b.abs().max().item(), 1)
            assert (a.double() - b.double()).abs().max().item() <= tolerance * scale
