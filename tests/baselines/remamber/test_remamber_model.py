"""ReMamber: its size, its invariants, and what its two variants make of the same weights."""

from dataclasses import replace

import pytest
import torch
from remamber_small import drawn, inputs, small

from baselines.nn.clip import ClipText
from baselines.remamber import ReMamber, configure, from_released
from baselines.remamber.conditions import Text
from baselines.remamber.config import BASE
from rebench.errors import RebenchError

pytestmark = pytest.mark.slow  # together they take seconds

DOUBLE = {"dtype": torch.float64}


@pytest.mark.parametrize(
    ("decoder", "total", "entries"), [("conv", 254_578_177, 880), ("mamba", 281_551_937, 1030)]
)
def test_the_base_model_has_the_published_size(decoder, total, entries):
    with torch.device("meta"):
        model = ReMamber(replace(BASE, decoder=decoder), ClipText.large())
    assert sum(p.numel() for p in model.parameters()) == total
    assert len(model.state_dict()) == entries
    assert sum(p.numel() for p in model.backbone.parameters()) == 122_033_152


# Computed when the code agreed with tensors recorded from the release (float64, within 1e-12): sum, mean
# magnitude and one of the logits, with weights from `drawn` and inputs from `inputs`. "paper" is our own.
PINNED = {
    ("conv", "released"): (-4356.092528333597, 0.5318898936989093, -0.5643675569591053),
    ("conv", "paper"): (-4186.966358143073, 0.5112443688329157, -0.6325666549263657),
    ("mamba", "released"): (6695.052259392306, 0.8173016653505624, 0.8070340833343803),
    ("mamba", "paper"): (6901.20382314953, 0.8424382369453758, 1.2100125963079797),
}


@torch.no_grad()
@pytest.mark.parametrize(("decoder", "variant"), PINNED)
def test_the_logits_are_those_of_the_verified_model(decoder, variant):
    weights = drawn(small(decoder=decoder).state_dict())
    logits = from_released(weights, decoder, variant=variant)(*inputs(**DOUBLE))
    found = (logits.sum().item(), logits.abs().mean().item(), logits[1, 0, 10, 50].item())
    assert found == pytest.approx(PINNED[decoder, variant], rel=1e-9)


@pytest.mark.slow
@torch.no_grad()
@pytest.mark.parametrize("decoder", ["conv", "mamba"])
def test_the_reference_scan_gives_the_same(decoder, monkeypatch):
    model, batch = small(decoder=decoder).double(), inputs(**DOUBLE)
    fast = model(*batch)
    monkeypatch.setenv("REBENCH_SCAN", "reference")
    torch.testing.assert_close(model(*batch), fast, rtol=0, atol=1e-10)


@torch.no_grad()
@pytest.mark.parametrize("variant", ["released", "paper"])
@pytest.mark.parametrize("decoder", ["conv", "mamba"])
def test_a_batch_of_one_equals_a_batch_of_eight(decoder, variant):
    model, batch = small(variant, decoder=decoder), inputs(8, 64, 32)
    together = model(*batch)
    for i in (0, 3, 7):
        alone = model(*(t[i : i + 1] for t in batch))
        torch.testing.assert_close(alone, together[i : i + 1], rtol=1e-4, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("variant", ["released", "paper"])
@pytest.mark.parametrize("decoder", ["conv", "mamba"])
@pytest.mark.parametrize("size", [(64, 96), (50, 37), (30, 33), (1, 1)])
def test_any_size_gives_logits_of_that_size(decoder, variant, size):
    logits = small(variant, decoder=decoder)(*inputs(1, *size))
    assert logits.shape == (1, 1, *size)
    assert logits.isfinite().all()


@torch.no_grad()
@pytest.mark.parametrize("decoder", ["conv", "mamba"])
def test_a_picture_encoded_once_serves_all_of_its_sentences(decoder):
    model, (image, words, sentence, real) = small(decoder=decoder), inputs(5, 64, 64)
    encoded = model.encode(image[:1])
    shared = model.decode(encoded.expand(5, -1, -1, -1), words, sentence, real, (64, 64))
    torch.testing.assert_close(
        shared, model(image[:1].expand(5, -1, -1, -1), words, sentence, real), rtol=1e-4, atol=1e-5
    )
    assert (shared[0] - shared[1]).abs().max() > 1e-3  # and they differ


@torch.no_grad()
@pytest.mark.parametrize("decoder", ["conv", "mamba"])
def test_padding_words_are_read_as_released_and_not_in_the_papers_variant(decoder):
    image, words, sentence, real = inputs(2, 32, 32, **DOUBLE)
    other = torch.where(real[..., None], words, words + 1)
    weights = drawn(small(decoder=decoder).state_dict())
    released = from_released(weights, decoder)
    assert (
        released(image, words, sentence, real) - released(image, other, sentence, real)
    ).abs().max() > 1e-6
    assert torch.equal(released(image, words, sentence, real), released(image, words, sentence))
    paper = from_released(weights, decoder, variant="paper")
    assert torch.equal(paper(image, words, sentence, real), paper(image, other, sentence, real))


@torch.no_grad()
def test_the_released_mamba_decoder_has_the_first_word_for_a_sentence():
    maps = [torch.randn(1, w, 2 ** (4 - i), 2 ** (4 - i)) for i, w in enumerate((8, 16, 32, 64))]
    _, words, sentence, real = inputs(1)
    for variant, heeded in (("released", False), ("paper", True)):
        decoder = small(variant, decoder="mamba").decoder
        a = decoder(maps, Text(words, sentence, real))
        b = decoder(maps, Text(words, sentence + 1, real))
        assert torch.equal(a, b) != heeded


@pytest.mark.slow
@torch.no_grad()
def test_each_repair_changes_the_result_alone():
    weights = drawn(small(decoder="mamba").state_dict())
    batch = inputs(1, **DOUBLE)
    released = from_released(weights, "mamba")(*batch)
    for repair in (
        {"decoder_sentence": "pooled"},
        {"mask_padding": True},
        {"antialias": True},
        {"align_corners": False},
    ):
        repaired = from_released(weights, "mamba", **repair)(*batch)
        assert (repaired - released).abs().max() > 1e-6, repair


def test_sentences_of_another_length_and_unknown_options_are_refused():
    with pytest.raises(RebenchError, match="6 words, padded, not 4"):
        small()(*inputs(words=4))
    for fields, said in (
        ({"decoder": "unet"}, "no decoder 'unet': there are conv, mamba"),
        ({"fusion": "sum"}, "no fusion 'sum'"),
        ({"scans": "none"}, "no scans 'none'"),
        ({"variant": "fixed"}, "no variant 'fixed'"),
        ({"width": 3}, "no option 'width'"),
    ):
        with pytest.raises(RebenchError, match=said):
            configure(**fields)
