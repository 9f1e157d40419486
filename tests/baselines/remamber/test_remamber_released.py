"""Released weights: read by name, shaped by themselves, strict."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from remamber_small import SHAPE, drawn, inputs, small

from baselines.nn.clip import ClipText
from baselines.remamber import from_released
from rebench.errors import RebenchError

pytestmark = pytest.mark.slow  # together they take seconds


def told(config):
    """Without what only the mamba decoder's tensors could tell."""
    return config if config.decoder == "mamba" else replace(config, decoder_depths=())


@torch.no_grad()
@pytest.mark.parametrize("variant", ["released", "paper"])
@pytest.mark.parametrize("decoder", ["conv", "mamba"])
def test_a_model_is_rebuilt_from_its_tensors_alone(decoder, variant):
    model, batch = small(variant, decoder=decoder), inputs(1)
    again = from_released(model.state_dict(), decoder, variant=variant, image_size=64)
    assert told(again.config) == told(model.config)
    assert not again.training
    assert torch.equal(again(*batch), model(*batch))


@pytest.mark.parametrize(
    "shape",
    [
        {"widths": (8, 24, 40, 48), "depths": (2, 1, 1, 3), "decoder": "conv"},
        {"states": 3, "ratio": 1.0, "mlp_ratio": 2.0, "blocks": 1, "decoder": "mamba"},
        {"channel_grid": 5, "max_words": 4, "text_width": 7, "local_width": 3, "decoder": "mamba"},
    ],
)
def test_every_width_and_depth_is_read_from_the_tensors(shape):
    model = small(**shape)
    again = from_released(model.state_dict(), shape["decoder"], image_size=64)
    assert told(again.config) == told(model.config)


@torch.no_grad()
def test_both_decoders_may_lie_in_one_dict_as_numpy_arrays():
    conv, mamba = (drawn(small(decoder=d).state_dict()) for d in ("conv", "mamba"))
    both = {k: v for k, v in conv.items() if k.startswith("backbone.")}
    both |= {f"conv.{k}": v for k, v in conv.items() if k.startswith("decoder.")}
    both |= {f"mamba.{k}": v for k, v in mamba.items() if k.startswith("decoder.")}
    batch = inputs(1, dtype=torch.float64)
    for decoder, alone in (("conv", conv), ("mamba", mamba)):
        assert torch.equal(from_released(both, decoder)(*batch), from_released(alone, decoder)(*batch))


def test_the_given_tensors_are_not_shared():
    weights = drawn(small().state_dict())
    before = {k: np.copy(v) for k, v in weights.items()}
    model = from_released(weights).train()
    model(*inputs(2, dtype=torch.float64)).sum().backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 1
    assert all(np.array_equal(weights[k], before[k]) for k in weights)


def test_differences_are_listed_and_refused_or_logged(caplog):
    weights = drawn(small().state_dict())
    del weights["decoder.neck.8.bias"], weights["backbone.layers.1.downsample.1.bias"]
    weights["decoder.neck.9.weight"] = np.zeros(1)
    weights["module.decoder.neck.8.weight"] = weights.pop("decoder.neck.8.weight")  # as DDP saves it
    with pytest.raises(RebenchError, match="2 missing") as caught:
        from_released(weights)
    assert "backbone.layers.1.downsample.1.bias, decoder.neck.8.bias" in str(caught.value)
    assert "1 unexpected (decoder.neck.9.weight)" in str(caught.value)
    model = from_released(weights, strict=False)
    assert "2 missing" in caplog.text
    assert not any(p.is_meta for p in model.parameters())


def test_weights_of_something_else_are_refused():
    for weights in ({}, {"conv1.weight": torch.zeros(1)}):
        with pytest.raises(RebenchError, match="of another model"):
            from_released(weights)
    conv = small(decoder="conv").state_dict()
    with pytest.raises(RebenchError, match=r"decoder\.multimodal_blocks"):
        from_released(conv, "mamba")
    with pytest.raises(RebenchError, match="unexpected"):
        from_released(small(decoder="mamba").state_dict(), "conv")
    with pytest.raises(RebenchError, match="no decoder"):
        from_released(conv, "unet")


def test_the_text_encoder_takes_its_tensors_or_the_log_says_that_they_are_left(caplog):
    tower = {
        "vocab_size": 30,
        "hidden_size": SHAPE["text_width"],
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 6,
    }
    model = small()
    model.text_encoder = ClipText(**tower)
    weights = model.state_dict()
    said = [k for k in weights if k.startswith("text_encoder.")]
    with caplog.at_level("INFO"):
        assert from_released(weights).text_encoder is None
    assert f"left {len(said)} tensors of the text encoder" in caplog.text
    again = from_released(weights, text_encoder=ClipText(**tower))
    assert again.state_dict().keys() == weights.keys()
    assert all(torch.equal(again.state_dict()[k], weights[k]) for k in said)
    del weights[said[0]]
    with pytest.raises(RebenchError, match="text encoder's weights do not fit"):
        from_released(weights, text_encoder=ClipText(**tower))
