"""The list of variants: true to what is built, and cheap to read; and models without weights."""

import subprocess
import sys
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch

from baselines.nn.clip import ClipText
from baselines.nn.scene_words import scene_tokenizer
from baselines.nn.untrained import StandInTokenizer, seeded
from baselines.remamber import ReMamber, configure
from baselines.risam.config import BASE, ImageEncoderConfig, TextEncoderConfig
from baselines.risam.model import RISAM
from baselines.safire.config import TINY
from baselines.safire.model import SaFiRe
from baselines.safire.predictor import load as load_safire
from baselines.tfanet.model import TFANet
from baselines.train.tiny import export
from rebench.errors import RebenchError
from rebench.predict.interface import UNTRAINED, Variant
from rebench.predict.registry import find, load, registered
from rebench.predict.variants import choose, variants_of

MODELS = ("safire", "remamber", "risam", "tfanet")


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Thousands of tiny operations: on a busy machine threads cost more than they give."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def built(model, name):
    """The module of a variant, without memory."""
    config = import_module(f"baselines.{model}.predictor").CONFIGS[name]
    with torch.device("meta"):
        if name == "tiny":
            return import_module(f"baselines.{model}.tiny").build(scene_tokenizer().size)
        if model in ("remamber", "tfanet"):
            return {"remamber": ReMamber, "tfanet": TFANet}[model](config, ClipText.large())
        return {"safire": SaFiRe, "risam": RISAM}[model](config)


@pytest.mark.parametrize("model", MODELS)
def test_every_variant_that_is_built_is_listed(model):
    module = import_module(f"baselines.{model}.predictor")
    listed = variants_of(model)
    assert listed.problem is None
    assert [v.name for v in listed.variants if v.as_published]
    assert {v.name for v in listed.variants} == set(module.CONFIGS)


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_what_is_listed_is_what_is_built(model):
    for variant in variants_of(model).variants:
        made = built(model, variant.name)
        total = sum(p.numel() for p in made.parameters())
        trained = sum(p.numel() for p in made.parameters() if p.requires_grad)
        assert (variant.parameters, variant.trainable) == (total, trained), variant.name
        config = made.config
        assert variant.max_words == config.max_words
        assert variant.image_size == (config.image.size if model == "risam" else config.image_size)


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_the_tiny_variants_answer_with_random_weights_and_with_those_of_a_file(model, tmp_path):
    module = import_module(f"baselines.{model}.predictor")
    made = module.load("tiny", UNTRAINED, seed=1)
    assert made.card.parameters < 3_000_000
    export(made.model, tmp_path / "w.safetensors", {"trained_on": "scenes:train-16000"})
    loaded = module.load("tiny", tmp_path / "w.safetensors")
    assert loaded.card.trained_on == ("scenes:train-16000",)
    image = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    sentences = ["the red dog", "it is the one that stands to the left of the tree"]
    for ours, theirs in zip(loaded.predict(image, sentences), made.predict(image, sentences), strict=True):
        assert np.abs(ours - theirs).max() < 0.05 * np.abs(theirs).max()  # matrices are kept in half


@pytest.mark.parametrize("model", MODELS)
def test_packaged_files_are_there(model):
    module = import_module(f"baselines.{model}.predictor")
    for variant in variants_of(model).variants:
        assert (variant.weights == "packaged") == (variant.file is not None)
        if variant.file:
            assert (module.Path(module.__file__).parent / variant.file).is_file()
            assert variant.licence
            assert variant.trained_on


def test_the_list_is_read_without_anything_heavy():
    code = (
        "import sys; from rebench.cli.main import main; sys.argv = ['rebench', 'models']\n"
        "try: main()\n"
        "except SystemExit: print({'torch', 'transformers', 'pandas', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "safire:tiny" in done.stdout
    assert done.stdout.endswith("set()\n")


def test_every_model_of_ours_lists_variants():
    assert set(MODELS) <= set(registered())
    assert variants_of("nobody").variants == ()


def test_a_variant_is_chosen_by_name_by_weights_or_by_what_is_packaged():
    main, small = Variant(name="main"), Variant(name="small", file="w.safetensors")
    assert choose("m", (main, small), None, None) is small
    assert choose("m", (main, small), None, "file") is main
    assert choose("m", (main, small), "small", "file") is small
    with pytest.raises(
        RebenchError, match=r"m:main has no packaged weights: give --weights FILE, or use m:small"
    ):
        choose("m", (main, small), "main", None)
    with pytest.raises(RebenchError, match="m has no variant 'other': it has main, small"):
        choose("m", (main, small), "other", None)
    with pytest.raises(RebenchError, match=r"m:main has no packaged weights: give --weights FILE$"):
        choose("m", (main,), None, None)


def test_random_weights_come_from_the_seed_alone():
    before = torch.random.get_rng_state()
    first, same, other = (load_safire("tiny", UNTRAINED, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), before)
    image = np.zeros((30, 40, 3), np.uint8)
    a, b, c = (model.predict(image, ["the dog"])[0] for model in (first, same, other))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert first.card.weights == "untrained, seed 3"
    assert first.card.weights_sha256 is None
    assert first.card.trained_on == ()


def test_a_run_record_carries_that_the_weights_are_random():
    loaded = load(find("safire:tiny", UNTRAINED), device="cpu", seed=7)
    assert "random" in loaded.record.warning
    assert (loaded.record.weights, loaded.record.weights_sha256) == ("untrained, seed 7", None)


def test_a_model_that_takes_no_weights_takes_no_random_ones():
    with pytest.raises(RebenchError, match="takes no weights"):
        find("rebench.predict.mock:Mock", UNTRAINED)


def small_predictor(model, monkeypatch):
    """A small untrained model behind `load`, with a stand-in for CLIP's text tower too."""
    module = import_module(f"baselines.{model}.predictor")
    sizes = {"hidden_size": 12, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    monkeypatch.setattr(ClipText, "large", classmethod(lambda cls: cls(**sizes)))
    shape = {
        "widths": (8, 16, 16, 16),
        "depths": (1, 1, 1, 1),
        "channel_grid": 4,
        "text_width": 12,
        "max_words": 7,
        "image_size": 32,
    }
    if model == "tfanet":
        config = module.TFANetConfig(**shape, mask_width=8)
        monkeypatch.setattr(module, "CONFIGS", {"base": config})
    elif model == "remamber":
        config = configure(**shape, local_width=8)
        monkeypatch.setattr(module, "CONFIGS", {"conv": config})
    elif model == "safire":
        config = replace(TINY, image_size=32, window=2, swin_window=4, max_words=24)
        monkeypatch.setattr(module, "CONFIGS", {"tiny": config})
    else:
        sizes = {
            "width": 24,
            "depths": (5,),
            "heads": (2,),
            "window": 3,
            "levels": (2, 3, 4),
            "first_global": 1,
        }
        image = ImageEncoderConfig(size=64, mlp_ratio=2.0, **sizes)
        text = TextEncoderConfig("small/clip", 16, 1, 2, 300, 20)
        config = replace(BASE, image=image, text=text, max_words=7, width=16, decoder_heads=4)
        monkeypatch.setattr(module, "CONFIGS", {"base": config})
    return module.load("tiny" if model == "safire" else None, UNTRAINED)


@pytest.mark.parametrize("model", MODELS)
def test_untrained_models_need_no_network_and_give_the_same_by_either_scan(model, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    predictor = small_predictor(model, monkeypatch)
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    sentences = ["the dog", "it is the one " * 5]
    found = {}
    for backend in ("cpu", "reference"):
        monkeypatch.setenv("REBENCH_SCAN", backend)
        found[backend] = np.stack(predictor.predict(image, sentences))
    spread = found["reference"].max() - found["reference"].min()
    assert spread > 0
    np.testing.assert_allclose(found["cpu"], found["reference"], rtol=0, atol=1e-4 * spread)
    assert predictor.truncated(sentences) == [False, model != "safire"]


def test_the_stand_in_has_the_lengths_and_marks_of_clip_and_bert():
    clip, bert = StandInTokenizer.clip(6), StandInTokenizer.bert(6)
    texts = ["red hat", "", "a b c d e f"]
    ids, real = clip(texts)
    assert ids.shape == (3, 6)
    assert ids[:, 0].eq(49406).all()
    assert real.sum(1).tolist() == [4, 2, 6]
    assert ids.masked_select(~real).eq(49407).all()
    assert ids.argmax(1).tolist() == [3, 1, 5]
    ids, real = bert(texts[:2])
    assert ids.shape == (2, 4)
    assert (ids[1].tolist(), real[1].tolist()) == ([101, 102, 0, 0], [True, True, False, False])
    assert clip.truncated(texts) == bert.truncated(texts) == [False, False, True]
    assert torch.equal(clip(["hat"])[0], clip(["HAT"])[0])
    assert not torch.equal(clip(["hat"])[0], clip(["cap"])[0])


def test_the_words_of_the_packaged_model_say_what_they_cut():
    tokenizer = scene_tokenizer()
    assert tokenizer.truncated(["dog", "dog " * 25]) == [False, True]


def test_what_is_built_in_a_seed_leaves_the_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    with seeded(1):
        torch.rand(9)
    assert torch.equal(torch.rand(2), expected)
