"""The attentions of TFANet against plain loops."""

from math import exp, sqrt

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tfanet_small import small_config
from torch import nn

from baselines.tfanet.attention import EPS, MLAM, LinearAttention, TransformerAttention, xnorm


def drawn(*shape, seed=0):
    return torch.tensor(np.random.RandomState(seed).standard_normal(shape))


def loop_linear(q, k, v, gamma_q, gamma_kv, kv_norm):
    """Equations 8 and 9 for one sample, element by element; rows are positions, columns filters."""
    n, m, d = len(q), len(k), len(q[0])
    kv = [[sum(k[t][a] * v[t][b] for t in range(m)) for b in range(d)] for a in range(d)]
    normed = [[0.0] * d for _ in range(d)]
    for a in range(d):
        for b in range(d):
            line = [kv[x][b] for x in range(d)] if kv_norm == "keys" else kv[a]
            normed[a][b] = gamma_kv * kv[a][b] / sqrt(sum(x * x for x in line) + EPS)
    y = [[0.0] * d for _ in range(n)]
    for t in range(n):
        length = sqrt(sum(x * x for x in q[t]) + EPS)
        for b in range(d):
            y[t][b] = sum(gamma_q * q[t][a] / length * normed[a][b] for a in range(d))
    return y


@pytest.mark.parametrize("kv_norm", ["keys", "values"])
def test_linear_attention_is_the_loop_over_equations_8_and_9(kv_norm):
    attention = LinearAttention(small_config(kv_norm=kv_norm)).double()
    nn.init.constant_(attention.gamma_q, 0.7)
    nn.init.constant_(attention.gamma_kv, -1.3)
    q, k, v = drawn(2, 4, 5), drawn(2, 4, 3, seed=1), drawn(2, 4, 3, seed=2)
    y = attention(q, k, v).detach()
    for i in range(2):
        columns = [x[i].t().tolist() for x in (q, k, v)]
        expected = loop_linear(*columns, 0.7, -1.3, kv_norm)
        np.testing.assert_allclose(y[i].t().numpy(), expected, rtol=1e-12)


def test_with_the_norm_over_keys_an_output_is_a_cosine():
    q, k, v = drawn(1, 4, 5), drawn(1, 4, 9, seed=1), drawn(1, 4, 9, seed=2)
    y = LinearAttention(small_config()).double()(q, k, v)
    clusters = (k @ v.transpose(1, 2))[0]
    cosines = torch.nn.functional.cosine_similarity(q[0].t()[:, None], clusters.t()[None], dim=2)
    np.testing.assert_allclose(y[0].t().detach().numpy(), cosines.numpy(), rtol=1e-5)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 1), st.floats(0.01, 100.0), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_xnorm_forgets_the_length_and_keeps_the_direction(rows, columns, dim, factor, seed):
    x = drawn(rows, columns, seed=seed) + 0.1
    gamma = torch.tensor(2.0, dtype=torch.float64)
    y = xnorm(x, gamma, dim)
    lengths = (x.square().sum(dim) / (x.square().sum(dim) + EPS)).sqrt()
    np.testing.assert_allclose(y.norm(dim=dim).numpy(), 2 * lengths.numpy(), rtol=1e-9)
    assert (y * x >= 0).all()
    if x.square().sum(dim).min() > 0.01 and factor >= 1:
        np.testing.assert_allclose(xnorm(factor * x, gamma, dim).numpy(), y.numpy(), rtol=1e-3)


def test_xnorm_of_nothing_is_nothing_and_has_a_gradient():
    x = torch.zeros(3, 4, requires_grad=True)
    y = xnorm(x, torch.tensor(1.0), 1)
    y.sum().backward()
    assert (y == 0).all()
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize("convolution", ["separable", "full"])
def test_mlam_is_the_weighted_sum_of_its_scales(convolution):
    torch.manual_seed(0)
    mlam = MLAM(8, small_config(convolution=convolution)).double()
    nn.init.normal_(mlam.to_map.weights)
    nn.init.normal_(mlam.to_words.weights)
    x = drawn(1, 8, 4, 5)
    real = torch.tensor([[True, True, True, False]])
    words = drawn(1, 8, 4, seed=1).masked_fill(~real[:, None], 0)
    visual, verbal = mlam(x, words, real)

    def conv(layer, y, size):
        """The kernel as one dense convolution with zeros outside."""
        two = y.dim() == 4
        function = nn.functional.conv2d if two else nn.functional.conv1d
        if isinstance(layer, nn.Sequential):
            first, second = layer[0].weight, layer[1].weight
            weight = first * second  # (D, C, 1, 1) times (D, 1, k, k): a 1 x 1, then a depthwise
        else:
            weight = layer.weight
        assert weight.shape[-1] == size
        return function(y, weight, padding=size // 2).flatten(2)[0].t()

    for side, asks, asked, count, result in (
        (mlam.to_map, x, words, 3, visual),
        (mlam.to_words, words, x, 20, verbal),
    ):
        shares = torch.exp(side.weights) / torch.exp(side.weights).sum()
        total = 0
        for i, size in enumerate((1, 3, 5)):
            q = conv(side.queries[i], asks, size)
            k = conv(side.keys[i], asked, size)[:count]
            v = conv(side.values[i], asked, size)[:count]
            total = total + shares[i] * torch.tensor(
                loop_linear(q.tolist(), k.tolist(), v.tolist(), 1.0, 1.0, "keys"), dtype=torch.float64
            )
        expected = total @ side.out.weight[:, :, 0].t()
        got = result.flatten(2)[0].t()
        if result is verbal:
            assert (got[3] == 0).all()
            got, expected = got[:3], expected[:3]
        np.testing.assert_allclose(got.detach().numpy(), expected.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_transformer_attention_is_equation_7():
    torch.manual_seed(0)
    attention = TransformerAttention(8, small_config()).double()
    x = drawn(1, 8, 2, 3)
    real = torch.tensor([[True, True, False]])
    words = drawn(1, 8, 3, seed=1).masked_fill(~real[:, None], 0)
    visual, verbal = attention(x, words, real)
    pixels, said = x.flatten(2)[0].t(), words[0].t()
    for side, asks, asked, result in (
        (attention.to_map, pixels, said[:2], visual),
        (attention.to_words, said[:2], pixels, verbal[:, :, :2]),
    ):
        q, k, v = (
            (y @ layer.weight[:, :, 0].t()).tolist()
            for layer, y in ((side.query, asks), (side.key, asked), (side.value, asked))
        )
        joined = np.zeros((len(q), 8))
        for head in (slice(0, 4), slice(4, 8)):
            for t, row in enumerate(q):
                scores = [exp(sum(a * b for a, b in zip(row[head], key[head], strict=True)) / 2) for key in k]
                for score, value in zip(scores, v, strict=True):
                    joined[t, head] += score / sum(scores) * np.array(value[head])
        expected = joined @ side.out.weight[:, :, 0].t().detach().numpy()
        np.testing.assert_allclose(result.flatten(2)[0].t().detach().numpy(), expected, rtol=1e-9)
    assert (verbal[:, :, 2] == 0).all()
