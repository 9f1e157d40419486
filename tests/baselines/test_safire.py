"""SaFiRe: its invariants, its configurations, and weights that do not fit."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from baselines.nn.images import normalised
from baselines.nn.scene_words import scene_tokenizer
from baselines.nn.text import BertEncoder, WordTokenizer
from baselines.nn.vssm import MapLayer
from baselines.safire.backbones import SwinStages
from baselines.safire.config import ABLATIONS, BASE, READINGS, TINY
from baselines.safire.fixation import Grouping
from baselines.safire.model import SaFiRe
from baselines.safire.predictor import PACKAGED, SaFiRePredictor, load, save
from rebench.errors import RebenchError
from rebench.predict.interface import ModelCard

pytestmark = pytest.mark.slow  # together they take seconds

SMALL = replace(TINY, vocabulary=30, image_size=64, window=4)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Thousands of tiny operations: on a busy machine threads cost more than they give."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def random_model(config=SMALL, seed=0):
    """A model whose gates are open: adaLN-Zero would hide the sentence from a fresh one."""
    torch.manual_seed(seed)
    model = SaFiRe(config)
    for layer in model.layers:
        if layer.saccade is not None:
            torch.nn.init.normal_(layer.saccade.modulation.weight, std=0.3)
    return model.eval()


def batch(n=3, words=9, size=64):
    g = torch.Generator().manual_seed(1)
    ids = torch.randint(2, 30, (n, words), generator=g)
    lengths = torch.tensor([words, words - 4, 1, *[words] * n])[:n]
    real = torch.arange(words) < lengths[:, None]
    return torch.randn(n, 3, size, size, generator=g), ids * real, real


@torch.no_grad()
def test_padding_words_never_change_a_result():
    model, (images, ids, real) = random_model(), batch()
    together = model(images, ids, real)
    for i, length in enumerate(real.sum(1).tolist()):
        alone = model(images[i : i + 1], ids[i : i + 1, :length], real[i : i + 1, :length])
        torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_the_sentence_matters_once_the_gates_are_open():
    model, (images, ids, real) = random_model(), batch(1)
    other = ids.flip(1)
    assert (model(images, ids, real) - model(images, other, real)).abs().max() > 1e-3


@torch.no_grad()
@pytest.mark.parametrize(
    "change",
    [
        {"saccade": False},
        {"fixation": False},
        {"saccade": False, "fixation": False},
        {"sequence": "vanilla"},
        {"sequence": "repeat"},
        {"window": 2},
        {"window": 8},
        {"fixation_scan": "cross"},
        {"fixation_scan": "forward"},
        {"image_size": 72},
        {"feed_back": True},
        {"backbone": "vit", "vit_width": 16, "vit_layers": 1, "vit_heads": 2},
    ],
    ids=str,
)
def test_every_ablation_runs_and_ignores_padding(change):
    config = replace(SMALL, **change)
    images, ids, real = batch(2, size=config.image_size)
    model = random_model(config)
    both = model(images, ids, real)
    assert both.shape == (2, 1, config.image_size, config.image_size)
    alone = model(images[1:], ids[1:, :5], real[1:, :5])
    torch.testing.assert_close(both[1:], alone, rtol=1e-4, atol=1e-5)


def test_the_cross_scan_needs_windows():
    with pytest.raises(ValueError, match="fixate"):
        SaFiRe(replace(SMALL, fixation_scan="cross", sequence="repeat"))


@pytest.mark.parametrize("sequence", ["fixate", "vanilla", "repeat"])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (5, 7), (3, 2)])
def test_what_is_grouped_comes_back(sequence, height, width):
    group = Grouping(height, width, 3, replace(SMALL, sequence=sequence))
    tokens, text = torch.randn(2, height * width, 4), torch.randn(2, 3, 4)
    joined = group.join(tokens, text)
    assert joined.shape[1] == group.paths("bidirectional", joined.device).shape[1]
    back, copies = group.split(joined)
    assert torch.equal(back, tokens)
    assert torch.equal(copies, text[:, None].expand(-1, group.copies, -1, -1))


def test_every_window_is_followed_by_the_sentence():
    group = Grouping(4, 8, 2, SMALL)
    row = group.join(torch.arange(1.0, 33).view(1, 32, 1), torch.tensor([[[-1.0], [-2.0]]]))[0, :, 0].tolist()
    assert row[:4] == [1, 2, 3, 4]
    assert row[4:8] == [9, 10, 11, 12]
    assert row[16:20] == [-1, -2, 5, 6]
    assert row[-2:] == [-1, -2]


def test_bert_runs_behind_the_same_interface():
    config = replace(
        SMALL,
        text="bert",
        text_width=32,
        text_layers=1,
        text_heads=2,
        vocabulary=50,
        embed_dim=16,
        heads=(1, 2, 4, 8),
    )
    model = random_model(config)
    assert isinstance(model.text, BertEncoder)
    images, ids, real = batch(2)
    with torch.no_grad():
        both, alone = model(images, ids, real), model(images[1:], ids[1:, :5], real[1:, :5])
    torch.testing.assert_close(both[1:], alone, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_stage_by_stage_a_swin_gives_its_own_levels():
    model, (images, _, _) = random_model(replace(SMALL, image_size=72)), batch(2, size=72)
    stages, raw, levels = SwinStages(model.backbone), None, []
    for i in range(4):
        raw = stages.following(i, raw) if i else stages.first(images)
        levels.append(stages.level(i, raw))
    for ours, theirs in zip(levels, model.backbone(images).feature_maps, strict=True):
        torch.testing.assert_close(ours, theirs)


@torch.no_grad()
def test_what_is_fed_back_reaches_the_next_stage():
    model, (images, ids, real) = random_model(replace(SMALL, feed_back=True)), batch(1)
    (encoded,) = model.encode(images)
    assert encoded.shape == (1, SMALL.embed_dim, 16, 16)
    seen = []
    model.layers[1].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    for words in (ids, ids.flip(1)):
        model.decode([encoded], words, real, (64, 64))
    assert (seen[0] - seen[1]).abs().max() > 1e-4


def test_a_plain_vit_has_no_stages_to_feed():
    with pytest.raises(ValueError, match="plain ViT"):
        replace(SMALL, backbone="vit", feed_back=True)


@torch.no_grad()
def test_one_map_of_a_plain_vit_becomes_four_levels():
    config = replace(SMALL, backbone="vit", vit_width=16, vit_layers=1, vit_heads=2)
    levels = random_model(config).encode(torch.randn(2, 3, 64, 96))
    sizes = [
        (2, width, 64 // stride, 96 // stride)
        for width, stride in zip(config.widths, (4, 8, 16, 32), strict=True)
    ]
    assert [tuple(level.shape) for level in levels] == sizes


def test_the_rank_of_the_steps_is_vmambas():
    layer = MapLayer(40, ratio=2.0, mlp_ratio=1.0)
    assert layer.op.scan.dt_projs_weight.shape == (4, 80, 3)  # a sixteenth of 40, not of 80


@pytest.mark.slow
def test_every_row_of_the_papers_tables_builds():
    counts = {}
    for name, changes in (ABLATIONS | READINGS).items():
        with torch.device("meta"):
            model = SaFiRe(replace(BASE, **changes))
        counts[name] = sum(p.numel() for p in model.parameters())
    assert counts["neither"] < counts["saccade only"] < counts["Swin-L"]
    assert counts["vanilla [I...I T]"] == counts["repeat [I...I T...T]"]


@pytest.mark.slow
def test_the_paper_model_has_the_parts_it_should():
    with torch.device("meta"):
        model = SaFiRe(BASE)
    sizes = {name: sum(p.numel() for p in part.parameters()) for name, part in model.named_children()}
    assert 86e6 < sizes["backbone"] < 88e6, "Swin-B without its classifier"
    assert 108e6 < sizes["text"] < 110e6, "BERT-B without its pooler"


def predictor():
    tokenizer = scene_tokenizer()
    model = random_model(replace(TINY, vocabulary=tokenizer.size))
    return SaFiRePredictor(model, tokenizer, ModelCard("safire"))


def test_expressions_together_and_alone_give_the_same_masks():
    model = predictor()
    picture = np.random.default_rng(0).integers(0, 256, (90, 140, 3), dtype=np.uint8)
    sentences = ["the dog", "he is the taller one", "", "🦒 ça alors", "left " * 500]
    together = model.predict(picture, sentences)
    for sentence, logits in zip(sentences, together, strict=True):
        assert logits.shape == (96, 96)
        (alone,) = model.decode(model.encode(picture), [sentence])
        np.testing.assert_allclose(logits, alone, rtol=1e-3, atol=1e-4)


def test_normalise_keeps_the_order_of_channels():
    image = torch.zeros(1, 64, 64, 3, dtype=torch.uint8)
    image[..., 0] = 255
    red, green, _ = normalised(image, 64)[0].mean((1, 2)).tolist()
    assert red == pytest.approx((1 - 0.485) / 0.229, abs=1e-4)
    assert green == pytest.approx(-0.456 / 0.224, abs=1e-4)


def test_words_are_split_and_padded():
    tokenizer = WordTokenizer(["he", "'s", "blond-haired", "dog"], max_words=4)
    ids, real = tokenizer(["He's BLOND-haired!", "dog", "", "dog dog dog dog dog"])
    assert ids.tolist() == [[2, 3, 4, 0], [5, 0, 0, 0], [1, 0, 0, 0], [5, 5, 5, 5]]
    assert real.sum(1).tolist() == [3, 1, 1, 4]


def test_the_packaged_model_is_small_and_says_what_it_is():
    card = load().card
    assert card.parameters < 3_000_000
    assert PACKAGED.stat().st_size < 6_000_000
    assert (card.variant, card.trained_on) == ("tiny", ("scenes:train",))
    assert len(card.weights_sha256) == 64


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("missing", "1 missing .*head.logit.bias"),
        ("unexpected", "1 unexpected .*stranger"),
        ("shape", "1 of another shape"),
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path, damage, message):
    state = load_file(PACKAGED)
    if damage == "missing":
        del state["head.logit.bias"]
    elif damage == "unexpected":
        state["stranger"] = torch.zeros(1)
    else:
        state["head.logit.bias"] = torch.zeros(7)
    save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(RebenchError, match=message):
        load("tiny", tmp_path / "w.safetensors")


def test_a_file_says_what_model_it_is_of_and_what_that_has_seen(tmp_path):
    config = replace(TINY, vocabulary=scene_tokenizer().size, image_size=64, fixation=False)
    made = random_model(config)
    save(made, tmp_path / "w.safetensors")
    loaded = load("tiny", tmp_path / "w.safetensors")
    assert loaded.model.config == config
    assert loaded.card.trained_on == ()
    image = np.zeros((40, 40, 3), np.uint8)
    expected = SaFiRePredictor(made, scene_tokenizer(), ModelCard("safire")).predict(image, ["dog"])
    np.testing.assert_array_equal(loaded.predict(image, ["dog"]), expected)
    said = {"safire": json.dumps(asdict(config)), "trained_on": "refcoco:train, scenes:train"}
    save_file(made.state_dict(), tmp_path / "w.safetensors", said)
    assert load("tiny", tmp_path / "w.safetensors").card.trained_on == ("refcoco:train", "scenes:train")
    for wrong, message in (('{"colour": 1}', "no option 'colour'"), ("{", "does not say what SaFiRe")):
        save_file(made.state_dict(), tmp_path / "w.safetensors", {"safire": wrong})
        with pytest.raises(RebenchError, match=message):
            load("tiny", tmp_path / "w.safetensors")


def test_truncated_and_absent_weights_and_unknown_variants(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(PACKAGED.read_bytes()[:1000])
    with pytest.raises(RebenchError, match="not a whole safetensors file"):
        load("tiny", tmp_path / "w.safetensors")
    with pytest.raises(RebenchError, match="no weights file"):
        load("tiny", tmp_path / "absent")
    with pytest.raises(RebenchError, match="it has base, tiny"):
        load("huge")
    with pytest.raises(RebenchError, match="give --weights"):
        load("base")
