"""ReMamber behind the predictor interface, and what is refused before it is one."""

import json
from dataclasses import asdict
from hashlib import sha256

import numpy as np
import pytest
import torch
from remamber_small import SHAPE, small
from safetensors.torch import save_file

from baselines.nn.clip import ClipText
from baselines.nn.images import MEAN, STD, squashed, squashed_mask
from baselines.remamber.predictor import ReMamberPredictor, load
from rebench.errors import RebenchError
from rebench.predict.interface import EncodingPredictor, ModelCard

pytestmark = pytest.mark.slow  # together they take seconds

WORDS = SHAPE["max_words"]


def tokenizer(expressions):
    """Start, one id per word, end; as CLIP pads."""
    ids = torch.full((len(expressions), WORDS), 29)
    for i, expression in enumerate(expressions):
        row = [28, *(len(word) for word in expression.split())][: WORDS - 1]
        ids[i, : len(row)] = torch.tensor(row)
    lengths = (ids != 29).sum(1) + 1
    return ids, torch.arange(WORDS) < lengths[:, None]


def predictor(variant="released", **fields):
    model = small(variant, **fields)
    torch.manual_seed(2)
    model.text_encoder = ClipText(
        vocab_size=30,
        hidden_size=SHAPE["text_width"],
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=WORDS,
    )
    for parameter in model.text_encoder.parameters():  # a fresh tower says nearly the same of every word
        torch.nn.init.normal_(parameter, std=0.5)
    return ReMamberPredictor(model, tokenizer, ModelCard("remamber"))


PICTURE = np.random.RandomState(0).randint(0, 256, (37, 53, 3)).astype(np.uint8)
EXPRESSIONS = ["cat", "the brown dog", "a very small one there", "x"]


@pytest.mark.parametrize("variant", ["released", "paper"])
@pytest.mark.parametrize("decoder", ["conv", "mamba"])
def test_expressions_give_the_same_alone_and_together(decoder, variant):
    model = predictor(variant, decoder=decoder)
    assert isinstance(model, EncodingPredictor)
    together = model.predict(PICTURE, EXPRESSIONS)
    assert len(together) == len(EXPRESSIONS)
    encoded = model.encode(PICTURE)
    for expression, logits in zip(EXPRESSIONS, together, strict=True):
        assert logits.shape == (64, 64)
        assert logits.dtype == np.float32
        (alone,) = model.decode(encoded, [expression])
        np.testing.assert_allclose(alone, logits, rtol=1e-3, atol=1e-4)
    assert np.abs(together[0] - together[1]).max() > 1e-4


def test_how_many_expressions_are_decoded_at_once_changes_nothing(monkeypatch):
    model = predictor()
    together = model.predict(PICTURE, EXPRESSIONS)
    monkeypatch.setattr("baselines.remamber.predictor.PIXELS_ON_CPU", 3 * 64 * 64)
    for a, b in zip(model.predict(PICTURE, EXPRESSIONS), together, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_pictures_are_squashed_and_normalised():
    grey = np.full((10, 30, 3), 51, np.uint8)
    expected = (0.2 - np.array(MEAN)) / np.array(STD)
    np.testing.assert_allclose(
        squashed(grey, 8).numpy(), np.broadcast_to(expected[:, None, None], (3, 8, 8)), rtol=1e-5
    )
    ramp = np.repeat(np.arange(0, 200, 10, dtype=np.uint8)[None, :, None], 4, 0).repeat(3, 2)
    shrunk = squashed(ramp, 4)[0] * STD[0] + MEAN[0]
    # shrinking averages: a single pixel of the middle would be one of 20 steps
    assert (shrunk[0].diff() > 0).all()
    noise = np.random.RandomState(1).randint(0, 256, (40, 40, 3)).astype(np.uint8)
    assert (squashed(noise, 4) * torch.tensor(STD)[:, None, None]).std() < 0.15


def test_masks_stay_masks():
    mask = np.zeros((9, 14), bool)
    mask[3:7, 2:9] = True
    small_mask = squashed_mask(mask, 5)
    assert small_mask.shape == (5, 5)
    assert small_mask.dtype == torch.int64
    assert set(small_mask.unique().tolist()) == {0, 1}
    rows, columns = ((np.arange(5) + 0.5) * np.array([[9], [14]]) / 5).astype(int)
    np.testing.assert_array_equal(small_mask.numpy(), mask[rows][:, columns])


def test_what_is_missing_is_said_with_the_remedy(tmp_path):
    with pytest.raises(RebenchError, match="no variant 'huge': it has conv, base"):
        load("huge")
    with pytest.raises(RebenchError, match="--weights FILE"):
        load("mamba")
    with pytest.raises(RebenchError, match="no weights file"):
        load(weights=tmp_path / "none.pth")
    torch.save(small().state_dict(), tmp_path / "w.pth")
    with pytest.raises(RebenchError, match="no text encoder"):
        load(weights=tmp_path / "w.pth")
    with pytest.raises(RebenchError, match="no text encoder"):
        ReMamberPredictor(small(), tokenizer, ModelCard("remamber"))


def test_a_checkpoint_is_loaded_with_its_text_encoder_and_described(tmp_path, monkeypatch):
    made = predictor()
    file = tmp_path / "released.pth"
    torch.save({"model": made.model.state_dict(), "epoch": 40}, file)
    fresh = predictor().model.text_encoder
    monkeypatch.setattr("baselines.remamber.predictor.ClipText.large", lambda: fresh)
    monkeypatch.setattr("baselines.nn.clip.ClipTokenizer.beside", lambda weights, words: tokenizer)
    loaded = load(weights=file)
    card = loaded.card
    assert (card.name, card.variant, card.weights) == ("remamber", "conv", "released.pth")
    assert card.weights_sha256 == sha256(file.read_bytes()).hexdigest()
    assert card.parameters == sum(p.numel() for p in made.model.parameters())
    weights = made.model.state_dict()
    assert all(torch.equal(t, weights[name]) for name, t in loaded.model.state_dict().items())
    assert loaded.predict(PICTURE, ["cat"])[0].shape == (480, 480)
    assert load("conv-paper", file).model.config.mask_padding


def test_a_file_of_ours_says_what_no_tensor_tells(tmp_path, monkeypatch):
    made, file = predictor(), tmp_path / "w.safetensors"
    said = {"remamber": json.dumps(asdict(made.model.config)), "trained_on": "refcoco:train"}
    save_file(made.model.state_dict(), file, said)
    monkeypatch.setattr("baselines.remamber.predictor.ClipText.large", lambda: predictor().model.text_encoder)
    monkeypatch.setattr("baselines.nn.clip.ClipTokenizer.beside", lambda weights, words: tokenizer)
    loaded = load(weights=file)
    assert loaded.model.config == made.model.config
    assert loaded.model.config.image_size == 64
    assert loaded.card.trained_on == ("refcoco:train",)
    for a, b in zip(loaded.predict(PICTURE, EXPRESSIONS), made.predict(PICTURE, EXPRESSIONS), strict=True):
        np.testing.assert_array_equal(a, b)
    for wrong, message in (('{"colour": 1}', "no option 'colour'"), ("[]", "does not say what ReMamber")):
        save_file(made.model.state_dict(), file, {"remamber": wrong})
        with pytest.raises(RebenchError, match=message):
            load(weights=file)


def test_a_tokenizer_that_is_not_there_is_named_with_the_remedy(tmp_path, monkeypatch):
    made = predictor()
    torch.save(made.model.state_dict(), tmp_path / "w.pth")

    def missing(source):
        raise OSError(f"no connection\nfor {source}")

    monkeypatch.setattr("baselines.remamber.predictor.ClipText.large", lambda: made.text_encoder)
    monkeypatch.setattr("transformers.CLIPTokenizerFast.from_pretrained", missing)
    with pytest.raises(RebenchError, match=r"clip-vit-large-patch14 could not be loaded \(no connection\)"):
        load(weights=tmp_path / "w.pth")
