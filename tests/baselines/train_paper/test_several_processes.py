"""Two processes with gloo on the CPU do what one does."""

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

from baselines.train.batchnorm import SharedBatchNorm, share_batch_norms
from baselines.train.log import Log
from baselines.train.optimise import Plan, optimise
from baselines.train.processes import ALONE, Processes
from baselines.train.validate import validate
from rebench import load_split
from rebench.errors import RebenchError

SIZE = 8


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        # without a bias before the norm: its gradient is rounding alone, which Adam makes a full step of
        self.layers = nn.Sequential(
            nn.Conv2d(2, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 1)
        )
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        return self.layers(x)


def fit(processes, folder, accumulate=1):
    torch.manual_seed(0)
    model = Small()
    if processes.world > 1:
        share_batch_norms(model)
    share = SIZE // (processes.world * accumulate)

    def loss_of(model, step, part):
        x = torch.randn(SIZE, 2, 6, 6, generator=torch.Generator().manual_seed(step))
        x = x[(part * processes.world + processes.rank) * share :][:share]
        return (model(x) - x.mean((1, 2, 3))[:, None]).square().mean()

    plan = Plan({}, 6, check_every=3, clip=1.0, ema=0.8, accumulate=accumulate, select="rank")
    optimizer = torch.optim.AdamW(model.parameters(), 0.05)
    trained = optimise(
        model,
        optimizer,
        lambda *_: 0.05,
        loss_of,
        lambda _: {"rank": float(processes.rank)},
        plan,
        folder,
        lambda *_: None,
        keep=lambda model: (folder / f"best-{processes.rank}").touch(),
        processes=processes,
    )
    return trained.state_dict()


class Coloured:
    """Answers a mask that depends on picture and words alone."""

    def predict(self, image, expressions):
        return [(image.astype(float).sum(2) + 10 * len(e)) > 360 for e in expressions]


def work(rank, folder, root, port):
    import os

    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    processes = Processes.join("cpu")
    for parts in (1, 2):
        torch.save(fit(processes, folder / str(parts), parts), folder / f"{parts}-{rank}.pt")
    scores = [
        validate(Coloured(), load_split(name, root), "original", processes)
        for name in ("refcoco:val", "refcoco:testA")
    ]
    torch.save(scores, folder / f"scores-{rank}.pt")
    processes.leave()


@pytest.fixture(scope="module")
def done(tmp_path_factory, photographs):
    import socket

    folder = tmp_path_factory.mktemp("two")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(work, (folder, photographs.root, port), nprocs=2)
    return folder


@pytest.mark.slow
def test_two_processes_train_what_one_does(done, tmp_path):
    alone = fit(ALONE, tmp_path)
    first, second = (torch.load(done / f"1-{rank}.pt") for rank in (0, 1))
    for name, tensor in alone.items():
        torch.testing.assert_close(first[name], tensor, rtol=1e-4, atol=1e-5)
        assert torch.equal(first[name], second[name])
    rows = [Log(folder).rows() for folder in (tmp_path, done / "1")]
    for one, two in zip(*rows, strict=True):
        assert float(one["loss"]) == pytest.approx(float(two["loss"]), rel=1e-4)


@pytest.mark.slow
def test_parts_and_processes_agree_on_every_process(done):
    first, second = (torch.load(done / f"2-{rank}.pt") for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.slow
def test_the_first_alone_writes(done):
    assert sorted(f.name for f in (done / "1").iterdir()) == ["best-0", "checkpoint.pt", "log.csv"]


@pytest.mark.slow
def test_every_sample_is_scored_exactly_once(done, photographs):
    """Three pictures and two processes: one has one more."""
    scores = [torch.load(done / f"scores-{rank}.pt") for rank in (0, 1)]
    assert scores[0] == scores[1]
    for found, name in zip(scores[0], ("refcoco:val", "refcoco:testA"), strict=True):
        split = load_split(name, photographs.root)
        assert found == validate(Coloured(), split)
        assert found["n"] == len(split.samples)


def test_a_shared_norm_alone_is_a_norm():
    torch.manual_seed(0)
    plain, shared = (
        nn.Sequential(nn.BatchNorm2d(3, momentum=0.2), nn.Sequential(nn.BatchNorm2d(3))) for _ in range(2)
    )
    nn.init.normal_(plain[0].weight)
    share_batch_norms(shared).load_state_dict(plain.state_dict())
    assert isinstance(shared[0], SharedBatchNorm)
    assert isinstance(shared[1][0], SharedBatchNorm)
    x = torch.randn(4, 3, 5, 5)
    torch.testing.assert_close(shared(x), plain(x))
    torch.testing.assert_close(shared.eval()(x), plain.eval()(x))


def test_one_that_fails_waits_for_nobody(monkeypatch):
    """The others may be waiting for its gradients: all would hang until a timeout."""
    waited = []
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "barrier", lambda: waited.append(1))
    monkeypatch.setattr(dist, "destroy_process_group", lambda: None)
    with pytest.raises(RebenchError), Processes(1, 2):
        raise RebenchError("the disk is full")
    assert not waited
    with Processes(1, 2):
        pass
    assert waited


def test_one_process_alone_says_so(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    alone = Processes.join("cpu")
    assert (alone.rank, alone.world, alone.first) == (0, 1, True)
    assert alone.gather([1, 2]) == [1, 2]
