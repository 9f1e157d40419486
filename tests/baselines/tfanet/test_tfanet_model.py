"""What a TFANet as a whole must do, whatever its configuration."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from tfanet_small import sentences, small_config, small_tfanet
from torch.nn.functional import interpolate

from baselines.nn.config import from_dict
from baselines.ops.backends import VARIABLE
from baselines.tfanet.config import BASE, TABLE_3, TABLE_4, TFANetConfig
from baselines.tfanet.decoder import MaskDecoder, WordKernels, stretched
from baselines.tfanet.fusion import CFSM, ChannelScan, Fusion, FusionBlock, Text
from baselines.tfanet.model import parameters
from baselines.tfanet.training import PAPER_RECIPE, mask_loss
from rebench.errors import RebenchError

pytestmark = pytest.mark.slow  # together they take seconds

OTHERS = {
    "full convolutions": {"convolution": "full"},
    "norm over values": {"kv_norm": "values"},
    "sentence expanded": {"global_text": "sentence"},
    "residual": {"attention_residual": True},
    "channel features scanned": {"spatial_input": "channel"},
    "grid of kernels": {"kernel": "grid"},
    "no norm": {"block_norm": False},
}
ALL = TABLE_3 | OTHERS


@pytest.mark.parametrize("changes", ALL.values(), ids=ALL.keys())
def test_every_configuration_teaches_every_parameter(changes):
    model = small_tfanet(**changes).train()
    image, words, sentence, real = sentences()
    scores = model(image, words, sentence, real)
    assert scores.shape == (3, 2, 64, 48)
    mask_loss(scores, (image[:, :1] > 0).float()).backward()
    untaught = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
    assert untaught == []


@pytest.mark.slow
@pytest.mark.parametrize("changes", ALL.values(), ids=ALL.keys())
@torch.inference_mode()
def test_padding_is_never_looked_at(changes):
    model = small_tfanet(**changes)
    image, words, sentence, real = sentences()
    scores = model(image, words, sentence, real)
    other = words.masked_fill(~real[..., None], torch.nan)
    torch.testing.assert_close(model(image, other, sentence, real), scores, rtol=0, atol=0)
    # and neither is how much of it there is: the first sentence has two words
    short = model(image[:1], words[:1, :2], sentence[:1], real[:1, :2])
    torch.testing.assert_close(short, scores[:1], rtol=1e-4, atol=1e-5)
    changed = words.clone()
    changed[:, 1] = -changed[:, 1]
    assert (model(image, changed, sentence, real) - scores).abs().max() > 1e-4


@pytest.mark.parametrize("changes", TABLE_3.values(), ids=TABLE_3.keys())
@torch.inference_mode()
def test_a_batch_is_its_samples(changes):
    model = small_tfanet(**changes)
    image, words, sentence, real = sentences()
    together = model(image, words, sentence, real)
    for i in range(len(image)):
        alone = model(*(t[i : i + 1] for t in (image, words, sentence, real)))
        torch.testing.assert_close(alone[0], together[i], rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_the_scan_of_the_cpu_gives_what_the_definition_gives(monkeypatch):
    model = small_tfanet()
    inputs = sentences(batch=2)
    results = {}
    for backend in ("cpu", "reference"):
        monkeypatch.setenv(VARIABLE, backend)
        results[backend] = model(*inputs)
    torch.testing.assert_close(results["cpu"], results["reference"], rtol=1e-4, atol=1e-5)
    assert torch.equal(results["cpu"] > 0, results["reference"] > 0)


@torch.inference_mode()
def test_decoding_what_was_encoded_is_the_whole_model():
    model = small_tfanet()
    image, words, sentence, real = sentences()
    encoded = model.encode(image[:1])
    assert encoded.shape == (1, 8, 16, 12)
    decoded = model.decode(encoded.expand(3, -1, -1, -1), words, sentence, real, (64, 48))
    whole = model(image[:1].expand(3, -1, -1, -1), words, sentence, real)
    torch.testing.assert_close(decoded, whole, rtol=1e-4, atol=1e-5)
    quarter = model.decode(encoded, words[:1], sentence[:1], real[:1])
    assert quarter.shape == (1, 2, 16, 12)


@torch.inference_mode()
def test_the_next_stage_sees_the_fused_map():
    model = small_tfanet()
    image, words, sentence, real = sentences(batch=1)
    seen = []
    hook = model.trunk.layers[1].downsample.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    fused = []
    model.fusions[1].register_forward_hook(lambda _, args, result: fused.append((args[0], result[0])))
    model(image, words, sentence, real)
    hook.remove()
    features, added = fused[0]
    torch.testing.assert_close(seen[0], features + added)
    assert added.abs().max() > 1e-3


@torch.inference_mode()
def test_the_fusion_block_is_equations_16_to_19():
    torch.manual_seed(0)
    block = FusionBlock(8, small_config(block_norm=False, similarity_kernel=1)).double()
    x, words = torch.randn(1, 8, 3, 2).double(), torch.randn(1, 8, 4).double()
    made = block(x, words, words.mean(2))
    for h in range(3):
        for w in range(2):
            asked = block.visual.weight @ x[0, :, h, w]
            likeness = torch.stack([asked @ (block.verbal.weight @ words[0, :, t]) for t in range(4)])
            local = block.convolution.weight[:, :4, 0, 0] @ likeness + block.convolution.bias
            expected = torch.cat([x[0, :, h, w], words[0].mean(1), local])
            torch.testing.assert_close(made[0, :, h, w], expected)


@pytest.mark.parametrize("spatial_input", ["sum", "channel"])
@torch.inference_mode()
def test_the_two_scans_are_equations_20_to_22(spatial_input):
    torch.manual_seed(0)
    cfsm = CFSM(6, small_config(spatial_input=spatial_input))
    block = torch.randn(2, 6, 5, 7)
    channel = cfsm.cssm(block) + block
    space = cfsm.scsm(channel + block if spatial_input == "sum" else channel)
    torch.testing.assert_close(cfsm(block), space + channel)


@torch.inference_mode()
def test_the_channel_scan_reads_channels_in_both_ways_and_only_their_grid():
    torch.manual_seed(0)
    scan = ChannelScan(small_config())
    x = torch.randn(1, 6, 4, 4)
    before = scan(x)
    for changed in (0, 5):
        other = x.clone()
        other[:, changed] += torch.randn(4, 4)
        moved = (scan(other) - before).abs().amax((0, 2, 3))
        assert (moved > 0).all()  # a channel reaches those before and behind it
    larger = scan(x.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert larger.shape == (1, 6, 8, 8)
    # the same picture at another size: the same weights see nearly the same
    assert torch.nn.functional.cosine_similarity(larger[..., ::2, ::2].flatten(), before.flatten(), 0) > 0.8


@torch.inference_mode()
def test_the_mean_of_the_words_is_over_real_words():
    fusion = Fusion(8, small_config(attention="none")).eval()
    kept = []
    fusion.block.register_forward_pre_hook(lambda _, args: kept.append(args))
    _, words, sentence, real = sentences()
    fusion(torch.randn(3, 8, 8, 8), Text(words, sentence, real))
    _, verbal, said = kept[0]
    for i, row in enumerate(real):
        torch.testing.assert_close(said[i], verbal[i, :, row].mean(1))


@torch.inference_mode()
def test_word_kernels_are_resampled_as_if_there_were_no_padding():
    torch.manual_seed(0)
    kernels = WordKernels(8, small_config())
    real = torch.arange(6) < torch.tensor([1, 2, 5, 6])[:, None]
    words = torch.randn(4, 8, 6)
    made = kernels(words, real, (3, 11)).expand(-1, -1, 3, -1)
    for i, row in enumerate(real):
        alone = kernels.convolution(words[i : i + 1, :, row])[:, :, None]
        expected = interpolate(alone, (3, 11), mode="bilinear", align_corners=False)
        torch.testing.assert_close(made[i : i + 1], expected)
    torch.testing.assert_close(stretched(real, 7).sum(1), torch.ones(4, 7))


@pytest.mark.parametrize("wfdm", [True, False])
@torch.inference_mode()
def test_masks_are_aggregated_from_the_coarsest_level(wfdm):
    torch.manual_seed(0)
    decoder = MaskDecoder(small_config(wfdm=wfdm))
    assert decoder.alpha == 0.5
    decoder.alpha.fill_(0.3)
    maps = [torch.randn(2, width, side, side) for width, side in ((8, 8), (16, 4), (24, 2), (32, 1))]
    words = [torch.randn(2, width, 6) for width in (8, 16, 24, 32)]
    real = torch.ones(2, 6, dtype=torch.bool)
    levels = []
    for i, x in enumerate(maps):
        kernel = decoder.kernels[i](words[i], real, x.shape[-2:]) if wfdm else 1
        levels.append(decoder.match[i](kernel * x))
    mask = levels[3]
    for level in (levels[2], levels[1], levels[0]):
        up = interpolate(mask, level.shape[-2:], mode="bilinear", align_corners=False)
        mask = 0.3 * up + 0.7 * level
    torch.testing.assert_close(decoder(maps, words, real), decoder.scores(mask))


def test_the_paper_sizes_are_near_those_of_table_4():
    sizes = {}
    for row, (changes, printed) in TABLE_4.items():
        sizes[row] = sum(parameters(replace(BASE, **changes)).values())
        assert abs(sizes[row] / 1e6 / printed - 1) < 0.05
    assert list(sizes.values()) == [252_344_963, 263_486_083, 266_392_395, 267_786_955]


def test_options_survive_a_file_and_strange_ones_are_refused():
    config = small_config(kernel="grid", kernels=(1, 3))
    values = asdict(config)
    values["kernels"], values["widths"] = list(values["kernels"]), list(values["widths"])
    assert from_dict(TFANetConfig, values) == config
    with pytest.raises(RebenchError, match="no option 'colour'"):
        from_dict(TFANetConfig, values | {"colour": "red"})
    with pytest.raises(RebenchError, match="no attention 'hard': there are mlam"):
        small_config(attention="hard")
    with pytest.raises(RebenchError, match="odd"):
        small_config(kernels=(1, 2))


def test_sentences_that_are_too_long_are_refused():
    image, words, sentence, real = sentences(words=7)
    with pytest.raises(RebenchError, match="at most 6 words, not 7"):
        small_tfanet()(image, words, sentence, real)


def test_the_rate_is_constant_and_then_falls():
    rates = np.array([PAPER_RECIPE.rate(epoch) for epoch in range(PAPER_RECIPE.epochs)])
    assert (rates[:25] == 5e-5).all()
    assert (np.diff(rates[24:]) < 0).all()
    assert 0 < rates[-1] < 5e-6


def test_the_loss_is_the_cross_entropy_of_two_scores():
    scores = torch.tensor([[[[2.0, -1.0]], [[0.5, 3.0]]]])
    target = torch.tensor([[[[0.0, 1.0]]]])
    first, second = np.log1p(np.exp(0.5 - 2.0)), np.log1p(np.exp(-1.0 - 3.0))
    np.testing.assert_allclose(mask_loss(scores, target).item(), (first + second) / 2, rtol=1e-6)
