"""Several submissions at once, and submissions that are stopped."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from board_stripes import NOTHING
from tampering import read

from rebench.errors import RebenchError
from rebench.leaderboard.submit import commit, propose
from rebench.leaderboard.verify import verify
from rebench.store.lock import RunLock

pytestmark = pytest.mark.slow  # together they take seconds


def test_two_at_the_same_moment_both_land(board, make_run, split):
    proposals = [
        propose(make_run(name, shift), board, NOTHING, split=split) for name, shift in (("a", 3), ("b", 4))
    ]
    before = read(board)["entries"]
    numbers = []
    threads = [threading.Thread(target=lambda p=p: numbers.append(commit(p))) for p in proposals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [4, 5]
    entries = read(board)["entries"]
    assert entries[:3] == before
    assert {entry["model"]["name"] for entry in entries[3:]} == {"a", "b"}
    assert verify(board, split=split).ok


def test_the_same_at_the_same_moment_lands_once(board, make_run, split):
    proposals = [propose(make_run("a", 3), board, NOTHING, split=split) for _ in range(2)]
    assert [commit(proposal) for proposal in proposals] == [4, 4]
    assert len(read(board)["entries"]) == 4


def test_who_waits_too_long_is_told(board, make_run, split):
    proposal = propose(make_run("a", 3), board, NOTHING, split=split)
    with RunLock(board.parent), pytest.raises(RebenchError, match="another process"):
        commit(proposal, patience=0.1)


def test_a_folder_that_cannot_be_written_is_told_at_once(board, make_run, split, monkeypatch):
    proposal = propose(make_run("a", 3), board, NOTHING, split=split)
    (board.parent / ".lock").unlink()
    (board.parent / ".lock").mkdir()
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("it waits"))
    with pytest.raises(RebenchError, match=r"could not write .*\.lock"):
        commit(proposal)


def test_what_a_killed_submission_left_goes(board, make_run, split):
    left = [board.parent / ".writing-x", board.parent / "predictions" / "stripes" / ".writing-y"]
    for file in left:
        file.write_bytes(b"half")
    commit(propose(make_run("a", 3), board, NOTHING, split=split))
    assert not any(file.exists() for file in left)


class Stopped(BaseException):
    """What a kill looks like from inside."""


@pytest.mark.parametrize("step", [4, *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 1, 2, 3, 5, 6))])
def test_stopped_at_any_step_the_board_is_the_old_or_the_new_one(board, make_run, split, step, monkeypatch):
    proposal = propose(make_run("a", 3), board, NOTHING, split=split)
    old, left = read(board), [step]

    def stopping(call):
        def wrapped(*given, **more):
            if left[0] == 0:
                raise Stopped
            left[0] -= 1
            return call(*given, **more)

        return wrapped

    with monkeypatch.context() as patch:
        for name, call in (
            ("os.replace", os.replace),
            ("os.fsync", os.fsync),
            ("pathlib.Path.mkdir", Path.mkdir),
        ):
            patch.setattr(name, stopping(call))
        with contextlib.suppress(Stopped):
            commit(proposal)
    now = read(board)
    assert now == old or now["entries"][:3] == old["entries"]
    assert len(now["entries"]) in (3, 4)
    assert verify(board, split=split).ok
    assert commit(proposal) == 4
    assert verify(board, split=split).ok


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_moment_the_board_is_whole(board, make_run, split):
    rng = random.Random(0)
    for number in range(30):
        proposal = propose(make_run(f"m{number}", 1 + number % 9, number % 5), board, NOTHING, split=split)
        old = read(board)
        child = os.fork()
        if child == 0:
            try:
                commit(proposal)
            finally:
                os._exit(0)
        time.sleep(rng.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        now = read(board)
        assert now == old or now["entries"][:-1] == old["entries"]
        if number % 5 == 0:
            board.write_text(json.dumps(old))
    assert verify(board, split=split).ok


SUBMIT = """
import sys
sys.path.insert(0, {here!r})
from board_stripes import NOTHING, Stripes
from rebench.leaderboard.submit import submit
submit({run!r}, {board!r}, NOTHING, split=Stripes())
"""


@pytest.mark.slow
def test_processes_at_the_same_moment_all_land(board, make_run, split):
    here = str(Path(__file__).parent)
    runs = [make_run(f"p{number}", 3 + number) for number in range(4)]
    scripts = [SUBMIT.format(here=here, run=str(run), board=str(board)) for run in runs]
    children = [subprocess.Popen([sys.executable, "-c", script]) for script in scripts]
    assert [child.wait(300) for child in children] == [0] * 4
    assert {entry["model"]["name"] for entry in read(board)["entries"][3:]} == {"p0", "p1", "p2", "p3"}
    assert verify(board, split=split).ok
