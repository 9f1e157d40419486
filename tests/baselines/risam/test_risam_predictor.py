"""RISAM as a predictor: loading, SAM's preprocessing, and what is kept of a picture."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from risam_small import IMAGES, SMALL, TEXT, small_model
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, SamConfig, SamModel

from baselines.nn.clip import ClipText
from baselines.risam import predictor as module
from baselines.risam.cache import EmbeddingCache, weights_key
from baselines.risam.encoders import image_encoder
from baselines.risam.model import RISAM
from baselines.risam.predictor import load, save
from baselines.risam.preprocess import Placement, to_picture, to_square
from rebench.errors import RebenchError

pytestmark = pytest.mark.slow  # together they take seconds

EXPRESSIONS = ["the cat", "dog", "a red cat left of the dog by the bed and more"]


def picture(height=40, width=56, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Weights with the folders of their encoders beside them, as a user without the hub would have it."""
    folder = tmp_path_factory.mktemp("risam")
    torch.manual_seed(5)
    small = IMAGES["sam"]
    vision = {
        "hidden_size": small.width,
        "num_hidden_layers": small.depths[0],
        "num_attention_heads": small.heads[0],
        "image_size": small.size,
        "window_size": small.window,
        "global_attn_indexes": [small.first_global, *small.levels],
        "mlp_dim": int(small.mlp_ratio * small.width),
        "initializer_range": 0.1,
    }
    SamModel(SamConfig(vision_config=vision)).save_pretrained(folder / "sam")
    sizes = {"hidden_size": TEXT.width, "intermediate_size": 4 * TEXT.width, "vocab_size": TEXT.vocabulary}
    sizes |= {"num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": TEXT.positions}
    ends = {"bos_token_id": 198, "eos_token_id": 199, "pad_token_id": 199}
    CLIPTextModel(CLIPTextConfig(**sizes, **ends)).save_pretrained(folder / "clip")
    letters = [chr(c) for c in range(33, 127)]
    pieces = [*letters, *(c + "</w>" for c in letters), *map(str, range(10, 20))]
    pieces = [*pieces, "<|startoftext|>", "<|endoftext|>"]
    assert len(pieces) == TEXT.vocabulary
    (folder / "clip" / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    (folder / "clip" / "merges.txt").write_text("#version: 0.2\n")
    model = small_model()
    save(model, folder / "small.safetensors")
    return folder


@pytest.fixture
def predictor(folder, monkeypatch):
    monkeypatch.delenv(module.FOLDER, raising=False)
    return load(weights=folder / "small.safetensors")


def test_encode_once_then_decode_is_predict(predictor):
    image, asked = picture(), []
    predictor.model.image_encoder.register_forward_hook(lambda *_: asked.append(1))
    encoded = predictor.encode(image)
    apart = [predictor.decode(encoded, [expression])[0] for expression in EXPRESSIONS]
    together = predictor.decode(encoded, EXPRESSIONS)
    assert len(asked) == 1
    for one, other, whole in zip(apart, together, predictor.predict(image, EXPRESSIONS), strict=True):
        assert one.shape == (40, 56)
        assert one.dtype == np.float32
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(whole, other)


def test_encoders_come_from_the_folders_and_the_rest_from_the_file(predictor, folder):
    sam, clip = SamModel.from_pretrained(folder / "sam"), ClipText.from_pretrained(folder / "clip")
    file = load_file(folder / "small.safetensors")
    state = predictor.model.state_dict()
    for name, tensor in sam.vision_encoder.state_dict().items():
        if not name.startswith("neck."):
            assert torch.equal(state[f"image_encoder.vision.{name}"], tensor)
    assert all(torch.equal(state[f"text_encoder.{name}"], t) for name, t in clip.state_dict().items())
    assert all(torch.equal(state[name], tensor) for name, tensor in file.items())
    assert not [name for name in file if "encoder." in name.split("blocks")[0]]
    assert predictor.model.config == SMALL
    assert predictor.card.parameters == sum(p.numel() for p in predictor.model.parameters())
    assert "0.35" in predictor.card.warning


def test_zero_lies_at_the_threshold(predictor):
    encoded = predictor.encode(picture())
    shifted = predictor.decode(encoded, EXPRESSIONS)
    predictor.model.config = replace(SMALL, threshold=0.5)  # where nothing is shifted
    for moved, plain in zip(shifted, predictor.decode(encoded, EXPRESSIONS), strict=True):
        probability = 1 / (1 + np.exp(-plain.astype(float)))
        clear = abs(probability - 0.35) > 1e-5
        np.testing.assert_array_equal((moved > 0)[clear], (probability > 0.35)[clear])


def test_half_precision_in_the_file_is_computed_in_single(folder):
    halves = {
        name: t.half() if t.is_floating_point() else t for name, t in small_model().trained_state().items()
    }
    save_file(
        halves, folder / "half.safetensors", metadata={"risam": _metadata(folder / "small.safetensors")}
    )
    predictor = load(weights=folder / "half.safetensors")
    assert {p.dtype for p in predictor.model.parameters()} == {torch.float32}
    assert np.isfinite(predictor.predict(picture(), EXPRESSIONS)).all()


def test_a_trained_text_encoder_lies_in_the_file(folder):
    model = small_model(replace(SMALL, train_text=True))
    save(model, folder / "trained.safetensors")
    loaded = load(weights=folder / "trained.safetensors").model
    for name, tensor in model.text_encoder.state_dict().items():
        assert torch.equal(loaded.text_encoder.state_dict()[name], tensor)


def test_what_a_user_gets_wrong(folder, tmp_path):
    with pytest.raises(RebenchError, match="no variant 'huge'"):
        load("huge", folder / "small.safetensors")
    with pytest.raises(RebenchError, match="give --weights"):
        load("base")
    (tmp_path / "cut.safetensors").write_bytes((folder / "small.safetensors").read_bytes()[:5000])
    with pytest.raises(RebenchError, match="not a whole safetensors file"):
        load(weights=tmp_path / "cut.safetensors")
    state = load_file(folder / "small.safetensors")
    state.pop("decoder.query")
    metadata = {"risam": _metadata(folder / "small.safetensors")}
    save_file(state, folder / "lacking.safetensors", metadata=metadata)
    with pytest.raises(RebenchError, match=r"1 missing \(decoder.query\)"):
        load(weights=folder / "lacking.safetensors")
    save_file(state, folder / "odd.safetensors", metadata={"risam": '{"colour": 1}'})
    with pytest.raises(RebenchError, match="no option 'colour'"):
        load(weights=folder / "odd.safetensors")


def _metadata(file):
    from safetensors import safe_open

    with safe_open(file, "pt") as content:
        return content.metadata()["risam"]


def test_other_encoders_than_it_was_trained_with_are_refused(folder, predictor):
    state, file = load_file(folder / "small.safetensors"), folder / "pinned.safetensors"
    said = {"risam": _metadata(folder / "small.safetensors")}
    save_file(state, file, said | {"frozen_sha256": predictor.model.frozen_sha256()})
    assert load(weights=file).card.weights == "pinned.safetensors"
    predictor.model.image_encoder.vision.pos_embed.data += 1e-3
    save_file(state, file, said | {"frozen_sha256": predictor.model.frozen_sha256()})
    with pytest.raises(RebenchError, match="trained with other weights of its frozen encoders"):
        load(weights=file)


def test_encoders_that_are_not_there_are_named(folder, tmp_path, monkeypatch):
    def unreachable(name, file):
        raise OSError(f"cannot reach {name}\nand more lines")

    monkeypatch.setattr(module, "cached_file", unreachable)
    alone = tmp_path / "small.safetensors"
    alone.write_bytes((folder / "small.safetensors").read_bytes())
    with pytest.raises(RebenchError) as caught:
        load(weights=alone)
    assert str(caught.value) == (
        "the encoders small/clip and small/sam could not be loaded (cannot reach small/clip): connect to the "
        f"Hugging Face hub, or put their folders beside {alone}"
    )


@given(st.integers(1, 90), st.integers(1, 90))
def test_placement_keeps_the_ratio_and_fills_the_longer_side(height, width):
    place = Placement.of(height, width, 64)
    assert max(place.inner_height, place.inner_width) == 64
    scale = 64 / max(height, width)
    assert abs(place.inner_height - height * scale) <= 0.5 or place.inner_height == 1
    assert abs(place.inner_width - width * scale) <= 0.5 or place.inner_width == 1


def test_a_picture_is_normalised_at_the_top_left_and_zero_elsewhere():
    image = picture(32, 64)
    config = replace(IMAGES["sam"], mean=(1.0, 2.0, 3.0), std=(50.0, 60.0, 70.0))
    square = to_square(image, config)
    expected = (image.astype(float) - [1, 2, 3]) / [50, 60, 70]
    np.testing.assert_allclose(square[:, :32].permute(1, 2, 0).numpy(), expected, atol=1e-6)
    assert not square[:, 32:].any()
    assert Placement.of(32, 64, 64) == Placement(32, 64, 32, 64)


def test_the_way_back_leaves_the_padding_out():
    place = Placement.of(50, 100, 64)
    logits = torch.full((1, 1, 16, 16), 2.0)
    logits[:, :, 9:] = -50.0  # rows 36 to 64 of the square; the picture ends at 32
    back = to_picture(logits, place, 64)
    assert back.shape == (1, 1, 50, 100)
    assert (back == 2.0).all()


def test_a_kept_embedding_is_the_computed_one_to_the_bit(folder, tmp_path):
    fresh, again, other = (load(weights=folder / "small.safetensors", embeddings=tmp_path) for _ in range(3))
    plain = load(weights=folder / "small.safetensors").encode(picture()).features
    assert torch.equal(fresh.encode(picture()).features, plain)
    calls = []
    again.model.image_encoder.register_forward_hook(lambda *_: calls.append(1))
    assert torch.equal(again.encode(picture()).features, plain)
    assert not calls
    np.testing.assert_array_equal(
        again.predict(picture(), EXPRESSIONS), fresh.predict(picture(), EXPRESSIONS)
    )
    again.encode(picture(seed=1))
    again.encode(picture().reshape(56, 40, 3))
    assert len(calls) == 2
    assert other.cache.file(picture()).is_file()


def test_a_damaged_embedding_is_made_again(folder, tmp_path, caplog):
    predictor = load(weights=folder / "small.safetensors", embeddings=tmp_path)
    features = predictor.encode(picture()).features
    file = predictor.cache.file(picture())
    whole = file.read_bytes()
    for damage in (b"", whole[:40], whole[:-1] + bytes([whole[-1] ^ 1]), b"\0" * len(whole)):
        file.write_bytes(damage)
        assert torch.equal(predictor.encode(picture()).features, features)
        assert file.read_bytes() == whole
    assert "damaged" in caplog.text
    assert not list(tmp_path.rglob("*.part"))


def test_other_weights_have_other_embeddings(folder, tmp_path):
    torch.manual_seed(0)
    model = RISAM(SMALL, image_encoder(SMALL.image, folder / "sam"))
    key = weights_key([model.image_encoder, model.enhancement], SMALL)
    assert key == weights_key([model.image_encoder, model.enhancement], SMALL)
    assert key != weights_key([model.image_encoder, model.enhancement], replace(SMALL, width=32))
    with torch.no_grad():
        model.enhancement.join[1].running_mean[3] += 1e-6
    assert key != weights_key([model.image_encoder, model.enhancement], SMALL)


def test_the_variable_names_the_folder(folder, tmp_path, monkeypatch):
    monkeypatch.setenv(module.FOLDER, str(tmp_path / "made"))
    predictor = load(weights=folder / "small.safetensors")
    predictor.encode(picture())
    assert len(list((tmp_path / "made").rglob("*.embedding"))) == 1


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RebenchError, match="no folder for embeddings"):
        EmbeddingCache(tmp_path / "file" / "inside", "key")


def test_an_embedding_that_cannot_be_kept_is_still_given(tmp_path, caplog):
    cache = EmbeddingCache(tmp_path, "key")
    cache.file(picture()).parent.write_text("a file where the folder should be")
    assert torch.equal(cache.get(picture(), lambda: torch.ones(3)), torch.ones(3))
    assert "is not kept" in caplog.text


def test_several_may_share_the_folder(tmp_path):
    """Each with its own cache object, as processes have: all they share is the folder."""

    def work(_):
        cache, sums = EmbeddingCache(tmp_path, "key"), set()
        for _ in range(20):
            sums.add(cache.get(picture(), lambda: torch.arange(5000.0)).sum().item())
            cache.file(picture()).unlink(missing_ok=True)
        return sums

    with ThreadPoolExecutor(4) as pool:
        assert set.union(*pool.map(work, range(4))) == {torch.arange(5000.0).sum().item()}
    assert not list(tmp_path.rglob("*.part"))
