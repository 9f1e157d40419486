"""TFANet behind the predictor interface, and what is refused before it is one."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tfanet_small import SHAPE, small_tfanet

from baselines.nn.clip import LARGE, ClipText
from baselines.tfanet.predictor import TFANetPredictor, load, save
from rebench.errors import RebenchError
from rebench.predict.interface import EncodingPredictor, ModelCard

pytestmark = pytest.mark.slow  # together they take seconds

WORDS = SHAPE["max_words"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PIECES = [*LETTERS, *(f"{c}</w>" for c in LETTERS), "<|startoftext|>", "<|endoftext|>"]
PICTURE = np.random.RandomState(0).randint(0, 256, (37, 53, 3)).astype(np.uint8)
EXPRESSIONS = ["a c", "x", "d o g", "a b c d e f g h"]


def tower():
    torch.manual_seed(2)
    text = ClipText(
        vocab_size=len(PIECES),
        hidden_size=SHAPE["text_width"],
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=WORDS,
    )
    for parameter in text.parameters():  # a fresh tower says nearly the same of every word
        torch.nn.init.normal_(parameter, std=0.5)
    return text


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Weights, with the tokenizer's folder beside them, as a user without the hub would have it."""
    folder = tmp_path_factory.mktemp("tfanet")
    clip = folder / LARGE.rpartition("/")[2]
    clip.mkdir()
    (clip / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(PIECES)}))
    (clip / "merges.txt").write_text("#version: 0.2\n")
    model = small_tfanet()
    model.text_encoder = tower()
    save(model, folder / "w.safetensors")
    return folder / "w.safetensors"


@pytest.fixture
def predictor(weights, monkeypatch):
    monkeypatch.setattr(ClipText, "large", staticmethod(tower))
    return load("base", weights)


def test_expressions_give_the_same_alone_and_together(predictor):
    assert isinstance(predictor, EncodingPredictor)
    together = predictor.predict(PICTURE, EXPRESSIONS)
    encoded = predictor.encode(PICTURE)
    assert len(together) == len(EXPRESSIONS)
    for expression, logits in zip(EXPRESSIONS, together, strict=True):
        assert logits.shape == (64, 64)
        assert logits.dtype == np.float32
        (alone,) = predictor.decode(encoded, [expression])
        np.testing.assert_allclose(alone, logits, rtol=1e-3, atol=1e-4)
    assert np.abs(together[0] - together[1]).max() > 1e-4


def test_a_saved_model_is_the_same_model(predictor, weights):
    model = small_tfanet()
    model.text_encoder = tower()
    before = TFANetPredictor(model, predictor.tokenizer, ModelCard("tfanet"))
    np.testing.assert_array_equal(
        predictor.predict(PICTURE, EXPRESSIONS), before.predict(PICTURE, EXPRESSIONS)
    )
    assert predictor.model.config == model.config
    assert predictor.card.parameters == sum(p.numel() for p in model.parameters())
    assert predictor.card.weights == weights.name


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_other_precision_in_the_file_is_computed_in_single(predictor, weights, dtype):
    with safe_open(weights, "pt") as file:
        said = file.metadata()
    state = {k: t.to(dtype) if t.is_floating_point() else t for k, t in load_file(weights).items()}
    save_file(state, weights.with_name("other.safetensors"), said)
    other = load("base", weights.with_name("other.safetensors"))
    assert {p.dtype for p in other.model.parameters()} == {torch.float32}
    assert other.card.dtype == "float32"
    (found,), (expected,) = (model.predict(PICTURE, ["a c"]) for model in (other, predictor))
    np.testing.assert_allclose(found, expected, atol=0.05 * np.abs(expected).max())


@torch.inference_mode()
def test_a_logit_is_positive_where_the_referent_scores_higher(predictor):
    decoder = predictor.model.decoder
    decoder.scores.weight.zero_()
    decoder.scores.bias.copy_(torch.tensor([1.0, 3.5]))
    (logits,) = predictor.predict(PICTURE, ["x"])
    np.testing.assert_allclose(logits, 2.5, rtol=1e-6)


def test_what_is_wrong_is_said_with_the_remedy(predictor, weights, tmp_path):
    with pytest.raises(RebenchError, match="no variant 'huge': it has base"):
        load("huge")
    with pytest.raises(RebenchError, match="--weights FILE"):
        load("base")
    with pytest.raises(RebenchError, match="no weights file"):
        load(weights=tmp_path / "none.safetensors")
    state = load_file(weights)
    strange = tmp_path / "strange.safetensors"
    save_file(state, strange, metadata={"tfanet": '{"colour": "red"}'})
    with pytest.raises(RebenchError, match="no option 'colour'"):
        load(weights=strange)
    save_file(state, strange, metadata={"tfanet": "["})
    with pytest.raises(RebenchError, match="does not say what TFANet"):
        load(weights=strange)
    save_file(state, strange)  # no configuration: the paper's is assumed, and these do not fit it
    with pytest.raises(RebenchError, match="do not fit this model"):
        load(weights=strange)
    with pytest.raises(RebenchError, match="no text encoder"):
        TFANetPredictor(small_tfanet(), predictor.tokenizer, ModelCard("tfanet"))
