"""The VMamba trunk against a plain computation, its published layout, and its training-time parts."""

import numpy as np
import pytest
import torch

from baselines.nn.vmamba import SS2D, DropPath, VMamba, VMambaClassifier, VMambaConfig
from rebench.errors import RebenchError

SMALL = VMambaConfig(widths=(8, 16, 24, 40), depths=(1, 2, 1, 1))


def plain_ss2d(w, x, order, gate, channels):
    """Section 4 of Liu et al. 2024 in numpy, one pixel after another; x (C, H, W), w by name."""
    x = np.einsum("oc,chw->ohw", w["in_proj.weight"], x)
    z = x[channels:]
    x = x[:channels]
    _, height, width = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    x = (
        sum(
            w["conv2d.weight"][:, 0, i, j, None, None] * padded[:, i : i + height, j : j + width]
            for i in range(3)
            for j in range(3)
        )
        + w.get("conv2d.bias", np.zeros(channels))[:, None, None]
    )
    x = x / (1 + np.exp(-x))
    rows = [(i, j) for i in range(height) for j in range(width)]
    columns = [(i, j) for j in range(width) for i in range(height)]
    ways = [rows, columns if order == "cross" else rows]
    y = np.zeros_like(x)
    rank, states = w["dt_projs_weight"].shape[2], w["A_logs"].shape[1]
    for k, way in enumerate([*ways, *(way[::-1] for way in ways)]):
        A = -np.exp(w["A_logs"][k * channels : (k + 1) * channels])
        D = w["Ds"][k * channels : (k + 1) * channels]
        h = np.zeros((channels, states))
        for i, j in way:
            low, B, C = np.split(w["x_proj_weight"][k] @ x[:, i, j], [rank, rank + states])
            dt = np.log1p(np.exp(w["dt_projs_weight"][k] @ low + w["dt_projs_bias"][k]))
            h = np.exp(dt[:, None] * A) * h + dt[:, None] * B * x[:, i, j, None]
            y[:, i, j] += h @ C + D * x[:, i, j]
    y = (y - y.mean(0)) / np.sqrt(y.var(0) + 1e-5)
    y = y * w["out_norm.weight"][:, None, None] + w["out_norm.bias"][:, None, None]
    if gate:
        y = y * z / (1 + np.exp(-z))
    return np.einsum("oc,chw->ohw", w["out_proj.weight"], y)


@pytest.mark.parametrize(
    ("order", "gate", "states", "conv_bias", "width_in"),
    [("cross", False, 1, False, None), ("bidirectional", True, 3, False, None), ("cross", True, 2, True, 9)],
)
def test_the_state_space_branch_is_what_the_paper_says(order, gate, states, conv_bias, width_in):
    torch.manual_seed(0)
    branch = SS2D(6, width_in, states, 2.0, order, gate, conv_bias).double()
    with torch.no_grad():
        for parameter in branch.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    x = torch.randn(2, width_in or 6, 3, 5, dtype=torch.float64)
    weights = {name: p.detach().numpy() for name, p in branch.named_parameters()}
    expected = np.stack([plain_ss2d(weights, one.numpy(), order, gate, 12) for one in x])
    np.testing.assert_allclose(branch(x).detach().numpy(), expected, atol=1e-12)


def test_the_base_classifier_has_the_published_size():
    with torch.device("meta"):
        model = VMambaClassifier(VMambaConfig())
    assert sum(p.numel() for p in model.parameters()) == 88_557_800
    assert len(model.state_dict()) == 402


def test_an_imagenet_classifier_is_rebuilt_from_its_tensors():
    torch.manual_seed(0)
    model = VMambaClassifier(SMALL, classes=7).eval()
    again = VMambaClassifier.from_released(model.state_dict())
    images = torch.randn(2, 3, 64, 32)
    assert torch.equal(again(images), model(images))
    trunk = VMamba.from_imagenet(model.state_dict())
    for a, b in zip(trunk.eval()(images), VMamba.forward(model, images), strict=True):
        assert torch.equal(a, b)


def test_the_tensors_are_copied_and_half_precision_is_widened():
    state = {k: v.half() for k, v in VMambaClassifier(SMALL, 3).state_dict().items()}
    before = state["classifier.head.bias"].clone()
    model = VMambaClassifier.from_released(state)
    with torch.no_grad():
        model.classifier["head"].bias += 1
    assert torch.equal(state["classifier.head.bias"], before)
    assert model.classifier["head"].bias.dtype == torch.float32


@pytest.mark.parametrize("size", [(64, 64), (33, 70), (1, 17)])
def test_maps_have_strides_4_to_32_rounded_up(size):
    maps = VMamba(SMALL)(torch.randn(1, 3, *size))
    for stride, width, x in zip((4, 8, 16, 32), SMALL.widths, maps, strict=True):
        assert x.shape == (1, width, -(-size[0] // stride), -(-size[1] // stride))


def test_foreign_weights_are_refused_with_a_name():
    with pytest.raises(RebenchError, match=r"layers\.0"):
        VMamba.from_imagenet({"conv1.weight": torch.zeros(1)})
    state = VMamba(SMALL).state_dict()
    state["patch_embed.0.extra"] = torch.zeros(1)
    with pytest.raises(RebenchError, match=r"1 unexpected \(patch_embed\.0\.extra\)"):
        VMamba.from_imagenet(state)


def test_stochastic_depth_rises_linearly_and_keeps_the_mean():
    model = VMamba(VMambaConfig(SMALL.widths, SMALL.depths, drop_path=0.4))
    rates = [block.drop_path.rate for stage in model.layers for block in stage.blocks]
    assert rates == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    torch.manual_seed(0)
    dropped = DropPath(0.25).train()(torch.ones(20_000, 2))
    assert torch.equal(dropped[:, 0], dropped[:, 1])
    assert set(dropped[:, 0].tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert dropped.mean().item() == pytest.approx(1, abs=0.02)
    x = torch.randn(3, 4)
    assert torch.equal(DropPath(0.25).eval()(x), x)


def test_the_start_is_the_one_of_the_release():
    torch.manual_seed(0)
    branch = SS2D(64, states=4)
    torch.testing.assert_close(branch.A_logs[5].exp(), torch.tensor([1.0, 2, 3, 4]))
    assert (branch.Ds == 1).all()
    steps = torch.nn.functional.softplus(branch.dt_projs_bias)
    assert 1e-3 * 0.99 < steps.min() < 2e-3
    assert 0.05 < steps.max() < 0.1 * 1.01
    assert branch.dt_projs_weight.abs().max() <= branch.rank**-0.5
    trunk = VMamba(SMALL)
    fc1 = trunk.layers[3].blocks[0].mlp.fc1
    assert fc1.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert (fc1.bias == 0).all()
