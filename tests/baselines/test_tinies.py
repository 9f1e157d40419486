"""The tiny variants: one recipe for all, the same weights from one seed, killed or not."""

import json
from importlib import import_module
from importlib.resources import files

import pytest
import torch
from safetensors import safe_open

from baselines.nn.scene_words import MAX_WORDS, scene_tokenizer
from baselines.train.loop import success
from baselines.train.recipe import Recipe
from baselines.train.tensors import TensorSplit
from baselines.train.tinies import TINIES
from baselines.train.tiny import places
from rebench import load_split
from rebench.errors import RebenchError
from rebench.scenes.split import ScenesSplit

pytestmark = pytest.mark.slow  # together they take seconds

OPTIONS = {"steps": 3, "naming": 2, "grounding": 2, "images": 2, "check_every": 1, "seed": 5}


class Stop(Exception):
    pass


@pytest.fixture(scope="module")
def parts():
    train, val = load_split("scenes:train-8"), load_split("scenes:train-6")
    assert isinstance(train, ScenesSplit)
    return train, val


def train(name, parts, folder, stop_at=None, **options):
    reports = []

    def report(step, row):
        reports.append(step)
        if len(reports) == stop_at:
            raise Stop

    file = TINIES[name].train("tiny", *parts, folder, "cpu", OPTIONS | options, report)
    return file.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", TINIES)
def test_one_seed_gives_the_same_file_twice_and_after_a_kill_in_any_stage(name, parts, tmp_path):
    whole = train(name, parts, tmp_path / "whole")
    for stop_at in (1, 2, 2):  # while it names, while it learns words, among the sentences
        with pytest.raises(Stop):
            train(name, parts, tmp_path / "cut", stop_at)
    assert train(name, parts, tmp_path / "cut") == whole
    with safe_open(tmp_path / "whole" / "model.safetensors", "pt") as file:
        facts = file.metadata()
    assert (facts["model"], facts["trained_on"]) == (f"{name}:tiny", "scenes:train-8")
    assert json.loads(facts["recipe"])["seed"] == 5


def test_another_model_and_other_pictures_are_another_training(parts, tmp_path):
    with pytest.raises(Stop):
        train("tfanet", parts, tmp_path, stop_at=2)
    with pytest.raises(RebenchError, match="model was tfanet:tiny, is remamber:tiny"):
        train("remamber", parts, tmp_path)
    with pytest.raises(RebenchError, match="trained_on was scenes:train-8, is scenes:train-6"):
        train("tfanet", parts[::-1], tmp_path)


@pytest.mark.parametrize("name", TINIES)
def test_tiny_means_tiny(name):
    with torch.device("meta"):
        model = TINIES[name].build(scene_tokenizer().size)
    assert sum(p.numel() for p in model.parameters()) < 3_000_000


def test_the_frozen_encoder_is_frozen_again_once_it_can_name(parts, tmp_path):
    tiny, seen = TINIES["risam"], []
    grounded = tmp_path / "grounding" / "checkpoint.pt"

    def report(step, row):
        if grounded.exists():
            seen.append(torch.load(grounded, weights_only=True)["model"].keys())

    tiny.train("tiny", *parts, tmp_path, "cpu", OPTIONS | {"steps": 1}, report)
    assert not any(name.startswith("image_encoder.") for names in seen for name in names)
    assert any(name.startswith("decoder.") for name in seen[0])


def test_a_model_may_depart_from_the_recipe_and_the_options_from_both(parts, tmp_path):
    def grounding_lr(name, **options):
        file = train(name, parts, tmp_path / f"{name}{len(options)}", steps=1, **options)
        length = int.from_bytes(file[:8], "little")
        recipe = json.loads(json.loads(file[8 : 8 + length])["__metadata__"]["recipe"])
        return recipe["grounding_lr"]

    assert grounding_lr("tfanet") == Recipe().grounding_lr != grounding_lr("risam")
    assert grounding_lr("risam", grounding_lr=0.5) == 0.5


@pytest.mark.parametrize("words", [1, 3])
def test_no_word_of_the_tiny_risam_is_alone_with_its_positions(words):
    """Else a softmax over the words is 1 at every position, whatever the word and whatever is there."""
    model = TINIES["risam"].build(scene_tokenizer().size).eval()
    counted = []
    for block in model.fusion:
        block.register_forward_pre_hook(lambda _, inputs: counted.append(inputs[2].sum(1).tolist()))
    ids = torch.zeros(2, MAX_WORDS, dtype=torch.int64)
    ids[:, :words] = 5
    with torch.no_grad():
        model.decode(torch.rand(2, model.config.width, 16, 16), ids, ids > 0)
    assert counted == [[words + 1] * 2] * len(model.fusion)


def test_no_expression_of_the_scenes_is_cut_or_has_an_unknown_word():
    expressions = [sample.expression for sample in load_split("scenes:val").samples]
    ids, real = scene_tokenizer(fixed=True)(expressions)
    assert ids.shape == (1000, MAX_WORDS)
    assert not any(scene_tokenizer().truncated(expressions))
    assert not (ids == 1).any()
    assert torch.equal(real, ids > 0)


def test_where_a_thing_is():
    owners = torch.zeros(1, 8, 16, dtype=torch.uint8)
    owners[0, 2:4, 4:12] = 1
    owners[0, 7, 15] = 2
    found = places(owners, 4)[0]
    torch.testing.assert_close(found[1], torch.tensor([0.5, 0.375, 7 / 16, 1 / 8]))
    torch.testing.assert_close(found[2], torch.tensor([31 / 32, 15 / 16, 0.0, 0.0]))
    assert found[3].tolist() == [0, 0, 0, 0]  # nobody


@pytest.mark.parametrize("name", TINIES)
def test_the_packaged_weights_are_small_and_were_trained(name):
    folder = files(f"baselines.{name}") / "weights"
    assert len((folder / "tiny-scenes.safetensors").read_bytes()) < 6_000_000
    model = import_module(f"baselines.{name}.predictor").load("tiny").model
    assert sum(parameter.numel() for parameter in model.parameters()) < 3_000_000
    batch = TensorSplit.of(load_split("scenes:val"), scene_tokenizer(), 5, "cpu")[torch.arange(40)]
    with torch.no_grad():
        ious, picked = success(TINIES[name].answer(model, batch), batch)
    assert picked.mean() > 0.4  # one of five things or so, blindly
    assert ious.mean() > 0.3
