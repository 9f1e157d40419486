"""RISAM: what its equations say, what never changes a result, what is trained."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from risam_small import IMAGES, SMALL, TEXT, small_batch, small_model

from baselines.nn.config import from_dict
from baselines.risam.config import ABLATIONS, BASE, SAM_H, SWIN_B, VIT_B, RISAMConfig
from baselines.risam.encoders import image_encoder
from baselines.risam.fusion import MutualAttention
from baselines.risam.model import RISAM, parameter_counts
from rebench.errors import RebenchError

pytestmark = pytest.mark.slow  # together they take seconds

SMALL_IMAGES = {SAM_H: IMAGES["sam"], VIT_B: IMAGES["vit"], SWIN_B: IMAGES["swin"]}
READINGS = {
    "as printed": {"mask_rule": "as_printed"},
    "transpose renormalised": {"renormalise_transpose": True},
    "norms in the decoder": {"decoder_norm": True, "token_to_image": True},
    "no output layer": {"attention_output": False},
    "positions in the fusion": {"text_position": "fusion"},
    "no positions": {"text_position": "none"},
    "two convolutions": {"cba_convolutions": 2},
}
VARIANTS = ABLATIONS | READINGS | {"base": {}}


def small(name):
    change = dict(VARIANTS[name])
    if "image" in change:
        change["image"] = SMALL_IMAGES[change["image"]]
    return replace(SMALL, **change)


@pytest.fixture(params=VARIANTS)
def variant(request):
    return small(request.param)


@torch.no_grad()
def test_padding_and_neighbours_never_change_a_result(variant):
    model, (images, ids, real) = small_model(variant), small_batch()
    together = model(images, ids, real)
    side = 4 * variant.image.size // 16
    assert together.shape == (3, 1, side, side)
    for i, length in enumerate(real.sum(1).tolist()):
        alone = model(images[i : i + 1], ids[i : i + 1, :length], real[i : i + 1, :length])
        torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-4, atol=1e-5)


def test_gradients_reach_what_is_trained_and_nothing_else(variant):
    model, (images, ids, real) = small_model(variant).train(), small_batch()
    model(images, ids, real).square().mean().backward()
    trained = {name for name, p in model.named_parameters() if p.grad is not None}
    frozen = ("image_encoder.",) if variant.train_text else ("image_encoder.", "text_encoder.")
    assert trained == {name for name, _ in model.named_parameters() if not name.startswith(frozen)}
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


def test_frozen_encoders_stay_in_evaluation_mode():
    model = RISAM(SMALL).train()
    assert model.decoder.training
    assert not any(m.training for m in [*model.image_encoder.modules(), *model.text_encoder.modules()])
    assert RISAM(replace(SMALL, train_text=True)).train().text_encoder.training


@torch.no_grad()
@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "without ELG (#10)"])
def test_the_sentence_matters(name):
    model, (images, ids, real) = small_model(small(name)), small_batch(1)
    other = ids.clone()
    other[:, 1] = (ids[:, 1] + 1) % (TEXT.vocabulary - 2)
    assert (model(images, ids, real) - model(images, other, real)).abs().max() > 1e-5


def plain_mutual_attention(block, visual, words, length, rule, threshold):
    """Eqs. 3-5 of one image in numpy, a position and a word at a time."""
    w_v, w_l = (layer.weight.detach().numpy().astype(float) for layer in (block.visual, block.linguistic))
    z_v, z_l = visual @ w_v.T, words[:length] @ w_l.T
    scores = z_v @ z_l.T / np.sqrt(len(w_v))
    a = np.zeros_like(scores)
    for i, row in enumerate(scores):
        relevance = 1 / (1 + np.exp(-row))
        kept = {"keep_relevant": relevance >= threshold, "as_printed": relevance < threshold}[rule]
        kept = kept if kept.any() else np.ones(length, bool)
        a[i, kept] = np.exp(row[kept]) / np.exp(row[kept]).sum()

    def norm(x):
        return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)

    return norm(a @ z_l + z_v), norm(a.T @ z_v + z_l)


@torch.no_grad()
@pytest.mark.parametrize("rule", ["keep_relevant", "as_printed"])
@pytest.mark.parametrize("threshold", [0.35, 0.5, 0.9])
def test_mutual_attention_is_equations_3_to_5(rule, threshold):
    torch.manual_seed(3)
    config = replace(SMALL, mask_rule=rule, mask_threshold=threshold)
    block = MutualAttention(TEXT.width, config).double()
    visual = 3 * torch.randn(2, 6, SMALL.width).double()
    words = 3 * torch.randn(2, 5, TEXT.width).double()
    real = torch.arange(5) < torch.tensor([5, 2])[:, None]
    seen, read = block(visual, words, real, (2, 3))
    for i, length in enumerate([5, 2]):
        plain = plain_mutual_attention(block, visual[i].numpy(), words[i].numpy(), length, rule, threshold)
        np.testing.assert_allclose(seen[i].numpy(), plain[0], atol=1e-10)
        np.testing.assert_allclose(read[i, :length].numpy(), plain[1], atol=1e-10)
        assert not read[i, length:].any()


@torch.no_grad()
@pytest.mark.parametrize("renormalise", [False, True])
@pytest.mark.parametrize("dropping", [("keep_relevant", 1.1), ("as_printed", -0.1)])
def test_where_every_pair_is_dropped_none_is(dropping, renormalise):
    rule, threshold = dropping
    model, batch = small_model(replace(SMALL, renormalise_transpose=renormalise)), small_batch()
    results = []
    for block in model.fusion:
        block.rule = "none"
    results.append(model(*batch))
    for block in model.fusion:
        block.rule, block.threshold = rule, threshold
    results.append(model(*batch))
    assert results[1].isfinite().all()
    torch.testing.assert_close(results[1], results[0], rtol=0, atol=0)


@torch.no_grad()
def test_sam_features_are_those_after_the_named_blocks():
    encoder = image_encoder(IMAGES["sam"]).eval()
    outputs = {}
    for i, layer in enumerate(encoder.vision.layers):
        layer.register_forward_hook(lambda _, __, out, i=i: outputs.update({i: out}))
    maps = encoder(torch.randn(1, 3, 64, 64))
    assert [m.shape for m in maps] == [(1, 24, 4, 4)] * 3
    for block, features in zip((2, 3, 4), maps, strict=True):
        state = outputs[block][0] if isinstance(outputs[block], tuple) else outputs[block]
        torch.testing.assert_close(features.permute(0, 2, 3, 1), state)
    assert [layer.window_size for layer in encoder.vision.layers] == [3, 0, 0, 0, 0]


def test_the_base_has_the_papers_six_million_trained_parameters():
    with torch.device("meta"):
        model = RISAM(BASE)
    counts = parameter_counts(model)
    assert counts["trainable"] == 5_795_648
    assert counts["text_encoder"] == 123_060_480
    assert counts["total"] == sum(counts[part] for part, _ in model.named_children()) == 764_963_648
    assert counts["trainable"] == counts["enhancement"] + counts["fusion"] + counts["decoder"]
    windows = [layer.window_size for layer in model.image_encoder.vision.layers]
    assert [i for i, window in enumerate(windows) if window == 0] == [7, 15, 23, 31]


def test_configurations_survive_json():
    for change in VARIANTS.values():
        config = replace(BASE, **change)
        assert from_dict(RISAMConfig, json.loads(json.dumps(asdict(config)))) == config
    with pytest.raises(RebenchError, match="no option 'colour'"):
        from_dict(RISAMConfig, {"colour": 1})
