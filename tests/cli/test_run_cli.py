"""`rebench run` and `rebench models` as a shell sees them: exit codes, streams, one clear line."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.append(str(Path(__file__).parents[1] / "predict"))
from noise_split import NoiseSplit, results

from rebench.cli.main import app
from rebench.errors import RebenchError

pytestmark = pytest.mark.slow  # together they take seconds

MOCK = "rebench.predict.mock:Mock"

MODELS = """
import numpy as np

class Half:
    "Fails on the empty expression."
    def predict(self, image, expressions):
        if "" in expressions:
            raise ValueError("nothing to look for")
        return [np.ones(image.shape[:2], bool) for _ in expressions]

class Buggy(Half):
    card = property(lambda self: 1 / 0)

class Interrupted:
    def predict(self, image, expressions):
        raise KeyboardInterrupt

class Raw:
    def predict(self, image, expressions):
        return [0.5 for _ in expressions]

class Probable:
    def predict(self, image, expressions):
        return [np.linspace(0.01, 0.99, 64).reshape(8, 8) for _ in expressions]
"""


def splits(name, data_root=None):
    if name == "noise":
        return NoiseSplit()
    if name == "noise:other":
        return NoiseSplit(images=2, name=name)
    raise RebenchError(f"unknown split {name!r}")


@pytest.fixture
def rebench(tmp_path, monkeypatch):
    """Runs a command line in an empty folder, with splits of noise."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rebench.data.catalogue.load_split", splits)
    (tmp_path / "models.py").write_text(MODELS)
    return lambda *arguments: CliRunner().invoke(app, arguments)


def test_a_run_exits_with_0_and_writes_the_contracts_files(rebench):
    done = rebench("run", "--model", MOCK, "--split", "noise")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == ""
    assert "noise:test: 12 expressions, protocol original" in done.stderr
    assert done.stderr.count("the mock looks at nothing") == 2
    assert "random inst." in done.stderr
    path = Path("runs/noise-test/rebench.predict.mock-Mock")
    assert str(path) in done.stderr
    names = {file.name for file in path.iterdir()}
    assert names == {"run.json", "predictions.parquet", "scores.parquet", "summary.json", ".lock"}


def test_json_is_one_document_on_stdout(rebench):
    done = rebench("run", "--model", MOCK, "--split", "noise", "--split", "noise:other", "--json")
    document = json.loads(done.stdout)
    assert [run["run"]["split"]["name"] for run in document["runs"]] == ["noise:test", "noise:other"]
    assert document["runs"][0]["summary"]["overall"]["n"] == 12
    again = rebench("run", "--model", MOCK, "--split", "noise", "--split", "noise:other", "--json")
    assert json.loads(again.stdout) == document
    assert "nothing left to predict" in again.stderr


def test_failed_samples_exit_with_1(rebench):
    done = rebench("run", "--model", "models.py:Half", "--split", "noise", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["runs"][0]["run"]["counts"] == {"ok": 8, "failed": 4, "missing": 0}
    assert "4 expressions failed: ValueError: nothing to look for" in done.stderr
    again = rebench("run", "--model", "models.py:Half", "--split", "noise")
    assert again.exit_code == 1  # still so when shown again
    assert "--fresh begins the run anew" in again.stderr


def test_a_model_that_only_fails_gets_its_error_and_no_tables_of_nothing(rebench):
    done = rebench("run", "--model", "models.py:Raw", "--split", "noise")
    assert done.exit_code == 1
    assert "models.py:Raw on noise:test: 0 of 12 expressions" in done.stderr
    assert "12 expressions failed: OutputError: expected a NumPy array, got float" in done.stderr
    assert "overall" not in done.stderr
    assert "mIoU" not in done.stderr


@pytest.mark.parametrize(("model", "said"), [("models.py:Probable", True), (MOCK, False)])
def test_probabilities_in_the_place_of_logits_are_suspected(rebench, model, said):
    done = rebench("run", "--model", model, "--split", "noise")
    assert done.exit_code == 0
    assert ("not probabilities" in done.stderr) is said


def test_a_limited_run_says_that_it_is_partial(rebench):
    done = rebench("run", "--model", MOCK, "--split", "noise", "--limit", "5")
    assert done.exit_code == 0
    assert done.stderr.count("on noise:test: 5 of 12 expressions") == 2
    assert "7 missing" in done.stderr
    assert (
        json.loads(Path("runs/noise-test/rebench.predict.mock-Mock/run.json").read_text())["status"]
        == "partial"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "saffire", "--split", "noise"], "unknown model 'saffire'"),
        (["--model", MOCK, "--split", "nose"], "unknown split 'nose'"),
        (["--model", MOCK, "--split", "noise", "--protocol", "olympic"], "unknown protocol 'olympic'"),
        (["--model", MOCK, "--split", "noise", "--weights", "none.pt"], "no weights file 'none.pt'"),
        (["--model", MOCK, "--split", "noise", "--device", "abacus"], "unknown device 'abacus'"),
        (["--model", MOCK, "--model", "models.py:None", "--split", "noise"], "no 'None'"),
        (
            ["--model", "models.py:Buggy", "--split", "noise"],
            "card of model 'models.py:Buggy': Zero",
        ),
        (["--model", MOCK, "--split", "noise", "--split", "nose"], "unknown split 'nose'"),
    ],
)
def test_a_wrong_request_exits_with_2_before_anything_runs(rebench, arguments, message):
    done = rebench("run", *arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "--model", MOCK],
        ["run", "--model", MOCK, "--split", "noise", "--limit", "0"],
        ["run", "--model", MOCK, "--split", "noise", "--batch-size", "many"],
        ["run", "--no-such-option"],
        ["no-such-command"],
    ],
)
def test_a_wrong_command_line_is_one_line_and_exits_with_2(rebench, arguments):
    done = rebench(*arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert " --help`" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["data"]])
def test_a_command_without_words_shows_its_help(rebench, arguments):
    done = rebench(*arguments)
    assert done.exit_code == 2
    assert "Commands:" in done.stderr


@pytest.mark.parametrize("words", [[], ["data"]])
def test_no_line_of_a_list_of_commands_is_cut_off(rebench, words):
    commands = rebench(*words, "--help").stdout.partition("Commands:")[2]
    assert commands
    assert "..." not in commands


@pytest.mark.parametrize("place", [0, 1, 5])
def test_debug_shows_the_traceback_wherever_it_stands(rebench, place):
    arguments = ["run", "--model", "saffire", "--split", "noise"]
    done = rebench(*arguments[:place], "--debug", *arguments[place:])
    assert done.exit_code == 2
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("path", ["x" * 300, "loop"])
@pytest.mark.parametrize(
    "words",
    [
        ["run", "--model", MOCK, "--split", "noise", "--out"],
        ["run", "--model", MOCK, "--split", "noise", "--weights"],
        ["data", "list", "--data-root"],
        ["score"],
        ["report", "--out", "there"],
        ["leaderboard", "render"],
    ],
)
def test_a_path_that_cannot_be_is_a_wrong_request(rebench, words, path):
    Path("loop").symlink_to("loop")
    done = rebench(*words, path)
    assert done.exit_code == 2
    assert path in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_error_of_ours_is_called_a_bug(rebench, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("rebench.data.catalogue.load_split", broken)
    done = rebench("run", "--model", MOCK, "--split", "noise")
    assert done.exit_code == 70
    assert done.stderr == "error: ZeroDivisionError: oh - this is a bug in rebench: --debug shows where\n"


def test_an_interrupt_exits_with_130(rebench):
    done = rebench("run", "--model", "models.py:Interrupted", "--split", "noise")
    assert done.exit_code == 130
    assert "the same command continues" in done.stderr
    record = json.loads(Path("runs/noise-test/models.py-Interrupted/run.json").read_text())
    assert (record["status"], record["counts"]["missing"]) == ("partial", 12)


NOISY = """
import os, sys
sys.path.insert(0, sys.argv.pop(1))
import rebench.data.catalogue as catalogue
from noise_split import NoiseSplit
catalogue.load_split = lambda name, data_root=None: NoiseSplit(images=1)
from rebench.cli.main import main
main()
"""

LOUD = """
import os, sys
import numpy as np
print("at import")
class Loud:
    def __init__(self):
        print("at load")
        os.chdir("/")
    def predict(self, image, expressions):
        print("python")
        os.write(1, b"c\\n")
        os.system("echo child")
        return [np.ones(image.shape[:2], bool) for _ in expressions]
"""


def command(*words, **options):
    noise = str(Path(__file__).parents[1] / "predict")
    return subprocess.run(
        [sys.executable, "-c", NOISY, noise, *words], stderr=subprocess.PIPE, text=True, **options
    )


@pytest.mark.slow
def test_what_a_model_prints_stays_off_stdout_and_where_it_goes_off_our_paths(tmp_path):
    (tmp_path / "loud.py").write_text(LOUD)
    request = ["run", "-m", "loud.py:Loud", "-s", "noise", "--json"]
    done = command(*request, cwd=tmp_path, stdout=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["runs"][0]["path"] == str(tmp_path / "runs/noise-test/loud.py-Loud")
    assert (tmp_path / "runs/noise-test/loud.py-Loud/summary.json").is_file()
    assert {"at import", "at load", "python", "c", "child"} <= set(done.stderr.splitlines())


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_output_is_no_bug(tmp_path):
    with open("/dev/full", "w") as full:
        done = command("run", "-m", MOCK, "-s", "noise", "--json", cwd=tmp_path, stdout=full)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "error: output: No space left on device"


def test_a_closed_output_is_no_error(tmp_path):
    request = [sys.executable, "-m", "rebench", "models"]
    done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *request], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


SLOW = """
import sys, time
sys.path.insert(0, sys.argv.pop(1))
import rebench.data.catalogue as catalogue, rebench.predict.mock as mock
from noise_split import NoiseSplit
catalogue.load_split = lambda name, data_root=None: NoiseSplit(images=40)
answer, pause = mock.Mock.predict, float(sys.argv.pop(1))
mock.Mock.predict = lambda *question: time.sleep(pause) or answer(*question)
import rebench.store.writer
rebench.store.writer.SHARD_ROWS = 4
from rebench.cli.main import main
main()
"""


def shell(out, pause):
    noise = str(Path(__file__).parents[1] / "predict")
    command = [
        sys.executable,
        "-c",
        SLOW,
        noise,
        str(pause),
        "run",
        "-m",
        MOCK,
        "-s",
        "noise",
        "--out",
        str(out),
    ]
    # a test run in the background hands down an ignored SIGINT, and Python leaves it ignored
    listening = partial(signal.signal, signal.SIGINT, signal.default_int_handler)
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=listening)


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_the_same_command_continues(tmp_path):
    process = shell(tmp_path / "a", 0.03)
    shards = tmp_path / "a/noise-test/rebench.predict.mock-Mock/predictions.parquet"
    while process.poll() is None and not (shards / "part-00002.parquet").exists():
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert 2 < len(os.listdir(shards)) < 18
    for out in ("a", "b"):
        process = shell(tmp_path / out, 0)
        process.communicate()
        assert process.returncode == 0
    runs = [next((tmp_path / out).glob("*/*")) for out in ("a", "b")]
    assert results(runs[0]) == results(runs[1])


def test_models_lists_names(rebench, tmp_path, monkeypatch):
    info = tmp_path / "site" / "gems-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gems\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[rebench.predictors]\nsapphire = not_there:Model\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    listed = rebench("models")
    assert listed.exit_code == 0
    assert "sapphire             not_there:Model (gems)" in listed.stdout
    rows = json.loads(rebench("models", "--json").stdout)["models"]
    [row] = [row for row in rows if row["name"] == "sapphire"]
    expected = {"entry_point": "not_there:Model", "distribution": "gems", "collision": False}
    assert row.items() >= expected.items()
    assert "did you mean sapphire" in rebench("run", "-m", "saphire", "-s", "noise").stderr


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from rebench.cli.main import main; sys.argv = ['rebench', '--help']\n"
        "try: main()\n"
        "except SystemExit: print({'torch', 'pandas', 'numpy', 'pyarrow', 'pycocotools'} & set(sys.modules))"
    )
    before = os.times()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    after = os.times()
    assert "run " in done.stdout
    assert done.stdout.endswith("set()\n")
    # what it computes, not how long it waits for others
    assert after.children_user + after.children_system - before.children_user - before.children_system < 0.5


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "rebench", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()[0]) == (0, "rebench")


def test_a_closed_pipe_is_no_traceback():
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "rebench", "models", "--json"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.stderr == ""
    assert done.returncode == 1


def test_models_whose_runs_would_lie_in_one_folder_are_refused_before_anything_runs(rebench):
    Path("a").mkdir()
    files = "a/b.py", "a-b.py"
    for file in files:
        Path(file).write_text("class Center:\n    def predict(self, image, expressions): ...\n")
    models = [word for file in files for word in ("--model", f"{file}:Center")]
    done = rebench("run", *models, "--split", "noise")
    assert done.exit_code == 2
    assert "'a/b.py:Center' and 'a-b.py:Center' would both lie in a-b.py-Center" in done.stderr
    assert not Path("runs").exists()
