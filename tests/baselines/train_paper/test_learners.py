"""From splits in the released layout to weights that `rebench run` takes, for all four models."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from training_data import tiny_bert, tiny_clip, tiny_swin
from typer.testing import CliRunner

from baselines.nn.clip import ClipText
from baselines.nn.vmamba import VMamba, VMambaConfig
from baselines.remamber.training import RELEASED
from baselines.risam.config import BASE as RISAM_BASE
from baselines.risam.config import ImageEncoderConfig, TextEncoderConfig
from baselines.risam.predictor import CONFIGS as RISAM_CONFIGS
from baselines.safire.config import CONFIGS as SAFIRE_CONFIGS
from baselines.safire.config import SaFiReConfig
from baselines.tfanet.predictor import CONFIGS as TFANET_CONFIGS
from baselines.train import session
from baselines.train.learner import Start
from baselines.train.learners.remamber import ReMamberLearner
from baselines.train.learners.risam import RISAMLearner
from baselines.train.learners.safire import SaFiReLearner
from baselines.train.learners.tfanet import TFANetLearner
from baselines.train.log import Log
from rebench import load_split
from rebench.cli.main import app
from rebench.errors import RebenchError
from rebench.predict.registry import find, load

SMALL_SAFIRE = SaFiReConfig(
    image_size=64,
    embed_dim=8,
    depths=(1, 1, 1, 1),
    heads=(1, 1, 2, 2),
    swin_window=4,
    swin_mlp_ratio=2.0,
    text_width=16,
    text_layers=1,
    text_heads=2,
    vocabulary=12,
    ssm_ratio=1.0,
    mlp_ratio=2.0,
    head_width=8,
)
SMALL_IMAGE = ImageEncoderConfig("sam", "small/sam", 64, 16, 24, (5,), (2,), 3, (2, 3, 4), 1, 2.0)
SMALL_TEXT = TextEncoderConfig("small/clip", 12, 1, 2, 54, 32)
SMALL_TRUNK = VMambaConfig(widths=(8, 16, 24, 32), depths=(1, 1, 1, 1), ratio=1.0, mlp_ratio=1.0)


def rebench(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def encoders(tmp_path_factory):
    """Folders and files with the weights to begin with."""
    from transformers import SamConfig, SamModel, SamVisionConfig

    folder = tmp_path_factory.mktemp("encoders")
    swin, bert, clip = tiny_swin(folder / "swin"), tiny_bert(folder / "bert"), tiny_clip(folder / "clip")
    torch.manual_seed(8)
    trunk = VMamba(SMALL_TRUNK)
    classifier = {"classifier.head.weight": torch.zeros(3, 32), "classifier.head.bias": torch.zeros(3)}
    save_file(trunk.state_dict() | classifier, folder / "vmamba.safetensors")
    vision = SamVisionConfig(
        hidden_size=24,
        num_hidden_layers=5,
        num_attention_heads=2,
        image_size=64,
        window_size=3,
        global_attn_indexes=[1, 2, 3, 4],
        mlp_dim=48,
        output_channels=8,
    )
    small = {"hidden_size": 8, "num_attention_heads": 2, "mlp_dim": 8, "num_hidden_layers": 1}
    prompt = {"hidden_size": 8, "image_size": 64, "mask_input_channels": 4}
    mask = {**small, "iou_head_hidden_dim": 8, "iou_head_depth": 2}
    config = {"vision_config": vision, "prompt_encoder_config": prompt, "mask_decoder_config": mask}
    sam = SamModel(SamConfig(**config))
    sam.save_pretrained(folder / "sam")
    return folder, {"swin": swin, "bert": bert, "clip": clip, "vmamba": trunk, "sam": sam}


@pytest.fixture
def small(monkeypatch, encoders):
    """Every model's paper variant is small, and CLIP's large tower is the small one."""
    monkeypatch.setitem(SAFIRE_CONFIGS, "base", SMALL_SAFIRE)
    monkeypatch.setitem(
        RISAM_CONFIGS,
        "base",
        replace(RISAM_BASE, image=SMALL_IMAGE, text=SMALL_TEXT, width=16, decoder_heads=4),
    )
    tfanet = replace(TFANET_CONFIGS["base"], channel_grid=4, kernel_grid=3, mask_width=8)
    monkeypatch.setitem(TFANET_CONFIGS, "base", tfanet)
    clip = encoders[0] / "clip"
    monkeypatch.setattr(ClipText, "large", staticmethod(lambda: ClipText.from_pretrained(clip)))


BEGINS = {
    "safire": ("swin", "bert"),
    "remamber": ("vmamba.safetensors", "clip"),
    "risam": ("sam", "clip"),
    "tfanet": ("vmamba.safetensors", "clip"),
}


def request(name, photographs, encoders, out, *more):
    backbone, text = BEGINS[name]
    words = ["train", "--model", f"{name}:base", "--split", "refcoco:train", "--val", "refcoco:val"]
    words += ["--data-root", photographs.root, "--out", out, "--device", "cpu", "--drop-overlap"]
    words += ["--backbone", encoders[0] / backbone, "--text", encoders[0] / text]
    for setting in ("image_size=64", "batch=4", "epochs=2", "lr=1e-3"):
        words += ["--set", setting]
    return [*words, *more]


@pytest.mark.slow
@pytest.mark.parametrize("name", list(BEGINS))
def test_trained_weights_run_and_score_what_the_log_says(name, small, photographs, encoders, tmp_path):
    done = rebench(*request(name, photographs, encoders, tmp_path / "out"))
    assert done.exit_code == 0, done.stderr
    weights = tmp_path / "out" / "model.safetensors"
    said = json.loads((tmp_path / "out" / "recipe.json").read_text())
    assert (said["fields"]["batch"], said["fields"]["lr"], said["steps"]) == (4, 1e-3, 6)
    assert (said["trained_on"], said["dropped_images"]) == ("refcoco:train", "1")
    run = [
        "run",
        "--model",
        f"{name}:base",
        "--weights",
        weights,
        "--split",
        "refcoco:val",
        "--device",
        "cpu",
    ]
    ran = rebench(*run, "--data-root", photographs.root, "--out", tmp_path / "runs")
    assert ran.exit_code == 0, ran.stderr
    folder = tmp_path / "runs" / "refcoco-val" / f"{name}-base"
    model = json.loads((folder / "run.json").read_text())["model"]
    assert model["trained_on"] == ["refcoco:train"]
    found = json.loads((folder / "summary.json").read_text())["overall"]["miou"]["value"]
    rows = (tmp_path / "out" / "log.csv").read_text().splitlines()
    column = rows[0].split(",").index("val_miou")
    assert found == pytest.approx(max(float(row.split(",")[column]) for row in rows[1:]), abs=1e-5)
    assert {len(load_file(tmp_path / "out" / f"{kind}.safetensors")) > 10 for kind in ("model", "last")} == {
        True
    }


@pytest.mark.slow
def test_killed_and_resumed_is_the_same_to_the_bit(small, photographs, encoders, tmp_path, monkeypatch):
    """All that is random is in it: dropout, stochastic depth, the sentences, the order; and an average."""
    more = ("--set", "save_every=2", "--set", "ema=0.9", "--set", "drop_path=0.5", "--seed", 3)

    def go(folder):
        return rebench(*request("safire", photographs, encoders, tmp_path / folder, *more))

    assert go("whole").exit_code == 0
    steps = []

    def dying(*args):
        steps.append(1)
        if len(steps) == 6:
            raise KeyboardInterrupt
        return reduced(*args)

    reduced = session.reduced
    monkeypatch.setattr(session, "reduced", dying)
    assert go("cut").exit_code == 130
    monkeypatch.setattr(session, "reduced", reduced)
    resumed = go("cut")
    assert resumed.exit_code == 0
    assert "continues after step 4 of 6" in resumed.stderr
    for file in ("model.safetensors", "last.safetensors"):
        whole, cut = (load_file(tmp_path / folder / file) for folder in ("whole", "cut"))
        assert whole.keys() == cut.keys()
        assert all(torch.equal(whole[key], cut[key]) for key in whole)
    other = rebench(*request("safire", photographs, encoders, tmp_path / "cut", "--set", "clip=1"))
    assert other.exit_code == 2
    assert "another recipe" in other.stderr
    before = json.loads((tmp_path / "cut" / "recipe.json").read_text())
    assert before["fields"]["clip"] is None  # the refused request left it alone


def test_safire_begins_with_swin_and_bert(small, encoders):
    folder, begun = encoders
    recipe = SaFiReLearner.recipes["safire"].changed(["image_size=64", "drop_path=0.3"])
    learner = SaFiReLearner("base", recipe, Start(str(folder / "swin"), str(folder / "bert")))
    for name, tensor in begun["swin"].state_dict().items():
        assert torch.equal(learner.model.backbone.state_dict()[name], tensor)
    for name, tensor in begun["bert"].state_dict().items():
        assert torch.equal(learner.model.text.bert.state_dict()[name], tensor)
    assert learner.model.backbone.config.drop_path_rate == 0.3
    parts = {learner.part(name) for name, _ in learner.model.named_parameters()}
    assert parts == {"text", "backbone", "new"}


@pytest.mark.parametrize("kind", [ReMamberLearner, TFANetLearner])
def test_vmamba_and_clip_are_begun_with(kind, small, encoders):
    folder, begun = encoders
    recipe = kind.recipes[kind.name].changed(["image_size=64"])
    start = Start(str(folder / "vmamba.safetensors"), str(folder / "clip"))
    learner = kind("base", recipe, start)
    own = learner.model.state_dict()
    prefix = "backbone." if kind is ReMamberLearner else "trunk."
    for name, tensor in begun["vmamba"].state_dict().items():
        assert torch.equal(own[prefix + name], tensor)
    begun_words = {k.removeprefix("text_model."): v for k, v in begun["clip"].state_dict().items()}
    for name, tensor in begun_words.items():
        assert torch.equal(own[f"text_encoder.text_model.{name}"], tensor)


def test_rates_by_part_and_frozen_parts(small, encoders):
    folder, _ = encoders
    start = Start(str(folder / "vmamba.safetensors"), str(folder / "clip"))
    recipe = RELEASED.changed(["image_size=64", "lr_text=0", "decay=matrices"])
    learner = ReMamberLearner("base", recipe, start)
    groups = learner.groups(recipe)
    assert {(g["name"], g["peak"]) for g in groups} == {("backbone", 2.5e-5), ("new", 5e-5)}
    assert {g["weight_decay"] for g in groups} == {0.0, recipe.weight_decay}
    assert all(p.ndim >= 2 for g in groups if g["weight_decay"] for p in g["params"])
    trained = {id(p) for g in groups for p in g["params"]}
    for name, parameter in learner.model.named_parameters():
        assert (id(parameter) in trained) == parameter.requires_grad == (learner.part(name) != "text")


def test_risam_keeps_its_encoders_frozen_and_pads_as_it_predicts(small, encoders, photographs):
    folder, _ = encoders
    recipe = RISAMLearner.recipes["risam"].changed(["image_size=64"]).for_splits(["refcoco:train"])
    learner = RISAMLearner("base", recipe, Start(str(folder / "sam"), str(folder / "clip")))
    assert {g["name"] for g in learner.groups(recipe)} == {"new"}
    assert learner.model.config.max_words == 17
    assert learner.said() == {"frozen_sha256": learner.model.frozen_sha256()}
    split = load_split("refcoco:train", photographs.root)
    sample = split.samples[0]  # 40 x 56 pixels: the lower part of the square is padding
    assert learner.picture(split.image(sample.image_id)).shape == (3, 64, 64)
    from rebench.data.masks import decode

    mask = learner.mask(decode(split.target(sample)))
    assert mask.shape == (1, 64, 64)
    assert mask[0, :46].sum() > 0 == mask[0, 46:].sum()
    with pytest.raises(RebenchError, match="cannot begin with nothing"):
        RISAMLearner("base", recipe, Start("none", str(folder / "clip")))


@pytest.mark.parametrize(
    ("kind", "start", "message"),
    [
        (SaFiReLearner, ("swin", "clip"), "text encoder cannot begin with"),
        (SaFiReLearner, ("bert", "bert"), "backbone cannot begin with"),
        (ReMamberLearner, (None, "clip"), "give --backbone FILE"),
        (ReMamberLearner, ("swin/model.safetensors", "clip"), "weights"),
        (TFANetLearner, ("nowhere.pth", "clip"), "no weights file"),
    ],
)
def test_weights_that_do_not_fit_are_one_line(kind, start, message, small, encoders):
    paths = [None if part is None else str(encoders[0] / part) for part in start]
    with pytest.raises(RebenchError, match=message) as caught:
        kind("base", kind.recipes[kind.name].changed(["image_size=64"]), Start(*paths))
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_weights_know_where_they_come_from(small, photographs, encoders, tmp_path):
    more = ("--set", "epochs=1", "--judge", "refcoco:val")
    words = [w for w in request("safire", photographs, encoders, tmp_path, *more) if w != "--drop-overlap"]
    done = rebench(*words)
    assert done.exit_code == 0, done.stderr
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        said = file.metadata()
    assert (said["model"], said["recipe"], said["validated_on"]) == ("safire:base", "safire", "refcoco:val")
    assert said["dropped_images"] == "0"
    card = load(find("safire:base", tmp_path / "model.safetensors"), device="cpu").card
    assert card.trained_on == ("refcoco:train",)
    assert (tmp_path / "bert-base-uncased").is_dir()
    shutil.rmtree(tmp_path / "bert-base-uncased")


SCRIPT = """
from dataclasses import replace
import torch
from baselines.tfanet.predictor import CONFIGS
from rebench.cli.main import main

torch.set_num_threads(1)
CONFIGS["base"] = replace(CONFIGS["base"], channel_grid=4, kernel_grid=3, mask_width=8)
main()
"""


@pytest.mark.slow
def test_torchrun_with_two_processes_gives_what_one_gives(photographs, encoders, tmp_path):
    """Without what each process draws for itself; Adam's eps keeps it from stepping along rounding errors."""
    (tmp_path / "train.py").write_text(SCRIPT)
    results = []
    for processes in (1, 2):
        out = tmp_path / f"out-{processes}"
        more = ("--set", "drop_path=0", "--set", "eps=1e-3")
        words = request("tfanet", photographs, encoders, out, *more)
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        launcher += ["--nproc-per-node", str(processes), str(tmp_path / "train.py")]
        done = subprocess.run([*launcher, *map(str, words)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("\nweights: ") == 1
        results.append((load_file(out / "last.safetensors"), Log(out).rows()))
    (alone, rows), (shared, other) = results
    for name, tensor in alone.items():
        torch.testing.assert_close(shared[name], tensor, rtol=1e-3, atol=2e-5)
    for one, two in zip(rows, other, strict=True):
        assert one["val_n"] == two["val_n"] == "18"
        assert float(two["loss"]) == pytest.approx(float(one["loss"]), rel=1e-3)
        assert float(two["val_miou"]) == pytest.approx(float(one["val_miou"]), abs=0.02)
