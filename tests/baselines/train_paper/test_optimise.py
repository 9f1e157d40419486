"""The loop: interrupted or not, in parts or whole, the same weights come out."""

import os
import signal
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from baselines.train.log import Log
from baselines.train.optimise import Plan, optimise
from baselines.train.precision import Precision
from rebench.errors import RebenchError

pytestmark = pytest.mark.slow  # together they take seconds

PLAN = Plan({"lr": 0.1}, steps=12, check_every=4, ema=0.9, clip=1.0, select="score", seed=3)


class Stop(Exception):
    pass


def run(folder, plan=PLAN, stop_before=None, precision=None, scores=None, poison=None, signals=(), **options):
    """Trains a small model; returns the weights that come out and what was kept as the best."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))
    kept = []

    def loss_of(model, step, part):
        if step == stop_before:
            raise Stop
        for number in dict(signals).get(step, ()):
            os.kill(os.getpid(), number)
        x = torch.randn(16, 4, generator=torch.Generator().manual_seed(step))
        x = x.chunk(plan.accumulate)[part]
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        return loss * float("nan") if step == poison else loss

    def check(model):
        assert not model.training
        value = model(torch.ones(1, 4)).item()
        return {"score": -abs(value - 4) if scores is None else scores.pop(0)}

    trained = optimise(
        model,
        torch.optim.AdamW(model.parameters(), 0.1),
        lambda step, group: 0.1 / (1 + step),
        loss_of,
        check,
        plan,
        folder,
        lambda *_: None,
        keep=lambda model: kept.append({k: v.clone() for k, v in model.state_dict().items()}),
        precision=precision() if precision else None,
        **options,
    )
    return {k: v.clone() for k, v in trained.state_dict().items()}, kept


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize("stop", [2, 5, 7, 11])
@pytest.mark.parametrize(
    "change",
    [{}, {"ema": None, "clip": None}, {"accumulate": 2, "save_every": 3}],
    ids=["plain", "bare", "parts"],
)
def test_interrupted_and_resumed_is_the_same_to_the_bit(tmp_path, stop, change):
    plan = replace(PLAN, **change)
    whole, best = run(tmp_path / "whole", plan)
    with pytest.raises(Stop):
        run(tmp_path / "cut", plan, stop_before=stop)
    resumed, later = run(tmp_path / "cut", plan)
    assert same(resumed, whole)
    if later:
        assert same(later[-1], best[-1])
    logs = [
        [(r["step"], r["loss"], r["score"]) for r in Log(tmp_path / name).rows()] for name in ("whole", "cut")
    ]
    assert logs[0] == logs[1]
    assert [step for step, *_ in logs[0]] == ["4", "8", "12"]


def test_loss_scaling_is_part_of_what_is_resumed(tmp_path):
    def precision():
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=5)
        return Precision("cpu", torch.bfloat16, scaler)

    plan = replace(PLAN, save_every=2)
    whole, _ = run(tmp_path / "whole", plan, precision=precision)
    with pytest.raises(Stop):
        run(tmp_path / "cut", plan, stop_before=7, precision=precision)
    resumed, _ = run(tmp_path / "cut", plan, precision=precision)
    assert same(resumed, whole)
    files = [tmp_path / name / "checkpoint.pt" for name in ("whole", "cut")]
    states = [torch.load(file, weights_only=True)["scaler"] for file in files]
    assert states[0] == states[1]
    assert states[0]["scale"] > 8


def test_parts_add_up_to_the_whole_where_nothing_looks_at_the_batch(tmp_path):
    def straight(folder, accumulate):
        torch.manual_seed(0)
        model = nn.Linear(4, 1)

        def loss_of(model, step, part):
            x = torch.randn(16, 4, generator=torch.Generator().manual_seed(step)).chunk(accumulate)[part]
            return (model(x) - 1).square().mean()

        plan = Plan({}, steps=6, check_every=6, accumulate=accumulate)
        adam = torch.optim.Adam(model.parameters())
        trained = optimise(model, adam, lambda *_: 0.1, loss_of, lambda _: {}, plan, folder, lambda *_: None)
        return trained.weight, Log(folder).rows()[0]["loss"]

    (whole, loss), (parts, loss_of_parts) = straight(tmp_path / "a", 1), straight(tmp_path / "b", 4)
    torch.testing.assert_close(whole, parts)
    assert float(loss) == pytest.approx(float(loss_of_parts), rel=1e-4)


def test_the_best_weights_are_kept_when_they_are_the_best(tmp_path):
    trained, kept = run(tmp_path, scores=[0.5, 0.7, 0.7])
    assert len(kept) == 2
    assert not same(kept[1], trained)


def test_another_recipe_is_refused_and_fresh_begins_anew(tmp_path):
    first, _ = run(tmp_path)
    other = replace(PLAN, identity={"lr": 0.2, "more": (1, 2)})
    with pytest.raises(RebenchError, match=r"another recipe \(lr was 0.1, is 0.2 and 1 more\)"):
        run(tmp_path, other)
    again, _ = run(tmp_path, other, fresh=True)
    assert same(first, again)
    assert len(Log(tmp_path).rows()) == 3


def test_a_tuple_is_the_same_after_a_checkpoint(tmp_path):
    plan = replace(PLAN, identity={"betas": (0.9, 0.99), "words": (("a", 1),)})
    assert same(run(tmp_path, plan)[0], run(tmp_path, plan)[0])


def test_a_loss_that_is_no_number_stops_and_the_checkpoint_stands(tmp_path):
    with pytest.raises(RebenchError, match="no number before step 8"):
        run(tmp_path, poison=6)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 4


def test_weights_that_are_no_numbers_never_become_a_checkpoint(tmp_path):
    with pytest.raises(RebenchError, match="no number before step 6"):
        run(tmp_path, replace(PLAN, save_every=2), poison=4)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 4
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, poison=4, signals={5: [signal.SIGINT]})
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_a_step_keeps_that_step(tmp_path, number):
    before = signal.getsignal(number)
    whole, _ = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", signals={5: [number]})
    assert signal.getsignal(number) is before
    assert torch.load(tmp_path / "cut" / "checkpoint.pt", weights_only=True)["step"] == 6
    assert same(run(tmp_path / "cut")[0], whole)
    assert Log(tmp_path / "cut").rows()[1]["loss"] == Log(tmp_path / "whole").rows()[1]["loss"]


def test_a_signal_in_the_last_step_is_not_lost(tmp_path):
    """Another stage may follow."""
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", signals={11: [signal.SIGINT]})
    assert same(run(tmp_path / "cut")[0], run(tmp_path / "whole")[0])


def test_a_second_signal_waits_for_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, signals={5: [signal.SIGTERM, signal.SIGINT]})
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 4


def half(file):
    file.write_bytes(file.read_bytes()[:-100])


def empty(file):
    torch.save({}, file)


def of_another_shape(file):
    content = torch.load(file, weights_only=True)
    torch.save(content | {"model": {k: v[:1] for k, v in content["model"].items() if v.ndim}}, file)


@pytest.mark.parametrize("harm", [half, empty, of_another_shape])
def test_a_damaged_checkpoint_is_one_line(tmp_path, harm):
    run(tmp_path)
    harm(tmp_path / "checkpoint.pt")
    with pytest.raises(RebenchError, match="use another --out, or --fresh to begin anew") as caught:
        run(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
@pytest.mark.parametrize("name", ["checkpoint.pt", "log.csv"])
def test_a_full_disk_is_one_line_and_the_last_checkpoint_stands(tmp_path, name):
    with pytest.raises(Stop):
        run(tmp_path / "out", stop_before=5)
    (tmp_path / "out" / f"{name}.part").symlink_to("/dev/full")
    with pytest.raises(RebenchError, match=rf"{name} cannot be written") as caught:
        run(tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"checkpoint.pt", "log.csv"}
    assert same(run(tmp_path / "out")[0], run(tmp_path / "whole")[0])


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(RebenchError, match=r"cannot write into .* give another --out"):
            run(folder)


def test_frozen_weights_are_neither_changed_nor_stored(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
    model[0].requires_grad_(False)
    before = model[0].weight.clone()

    def go():
        optimise(
            model,
            torch.optim.AdamW([p for p in model.parameters() if p.requires_grad]),
            lambda *_: 0.1,
            lambda model, step, part: model(torch.ones(2, 3)).square().mean(),
            lambda _: {},
            Plan({}, steps=2, check_every=1, ema=0.5),
            tmp_path,
            lambda *_: None,
        )

    go()
    assert torch.equal(model[0].weight, before)
    stored = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert stored["model"].keys() == {"1.weight", "1.bias"}
    assert {k for k in stored["average"] if k.startswith("module.")} == {"module.1.weight", "module.1.bias"}
    go()  # and it is continued without them


def test_tensorboard_that_is_not_there_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(RebenchError, match="pip install tensorboard"):
        run(tmp_path, tensorboard=True)


def test_tensorboard_gets_the_rows_of_the_log(tmp_path, monkeypatch):
    written = []

    class SummaryWriter:
        def __init__(self, folder):
            written.append(folder)

        def add_scalar(self, name, value, step):
            written.append((name, value, step))

        def flush(self):
            pass

    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = SummaryWriter
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    run(tmp_path, tensorboard=True)
    assert written[0] == str(tmp_path / "tensorboard")
    scores = {step: value for name, value, step in written[1:] if name == "score"}
    logged = {int(row["step"]): float(row["score"]) for row in Log(tmp_path).rows()}
    assert scores == pytest.approx(logged, rel=1e-5)
