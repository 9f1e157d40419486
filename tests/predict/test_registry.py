"""From what a user types after `--model` to a predictor, or to one clear line."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebench.errors import RebenchError
from rebench.predict.device import find_device
from rebench.predict.interface import ModelCard
from rebench.predict.registry import find, registered, wrap
from rebench.predict.registry import load as load_found

MODEL = """
import numpy as np
import helper_of_the_model

class Plain:
    def predict(self, image, expressions):
        return [np.ones(image.shape[:2], bool) for _ in expressions]

class Choosy(Plain):
    def __init__(self, variant="small", weights=None, device="cpu", seed=0):
        self.given = dict(variant=variant, weights=weights, device=device, seed=seed)

class Swallowing(Plain):
    def __init__(self, *arguments, **keywords):
        assert not arguments and not keywords

class Demanding(Plain):
    def __init__(self, checkpoint, weights):
        pass

class Needy(Plain):
    def __init__(self, weights):
        pass

class Failing(Plain):
    def __init__(self):
        raise RuntimeError("no\\nGPU")

class Empty:
    pass

def make(seed):
    plain = Plain()
    plain.seed = seed
    return plain

def nothing():
    return None

ready = Plain()
number = 7
"""


def load(spec, weights=None, **options):
    return load_found(find(spec, weights), **options)


@pytest.fixture
def model(tmp_path):
    """The path of a file of models, with a neighbour that it imports."""
    (tmp_path / "helper_of_the_model.py").write_text("")
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path / "model.py"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a distribution with predictors on the path, as an installer would."""

    def install(distribution, **predictors):
        info = tmp_path / "site" / f"{distribution}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in predictors.items()]
        (info / "entry_points.txt").write_text("\n".join(["[rebench.predictors]", *lines, ""]))
        monkeypatch.syspath_prepend(tmp_path / "site")

    return install


def test_a_class_in_a_file(model):
    loaded = load(f"{model}:Plain")
    assert loaded.record.name == f"{model}:Plain"
    assert len(loaded.record.code_sha256) == 64
    assert loaded.predictor.predict(np.zeros((2, 3, 3), np.uint8), ["a"])[0].shape == (2, 3)


def test_one_file_has_one_name(model, monkeypatch):
    monkeypatch.chdir(model.parent)
    assert find("./model.py:Plain").spec == find("model.py:Plain").spec == "model.py:Plain"


def test_a_class_in_a_module_of_the_current_folder(model, monkeypatch):
    (model.parent / "my_models.py").write_text(MODEL)
    monkeypatch.chdir(model.parent)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    assert load("my_models:Plain").record.name == "my_models:Plain"


@pytest.mark.parametrize("attribute", ["Plain", "Swallowing", "make", "ready"])
def test_classes_functions_and_objects_are_predictors(model, attribute):
    assert load(f"{model}:{attribute}", seed=5).predictor.predict


def test_a_factory_gets_what_it_has_parameters_for(model, tmp_path):
    weights = tmp_path / "w.pt"
    weights.write_bytes(b"weights")
    loaded = load(f"{model}:Choosy", weights=weights, device="cpu", seed=3)
    assert loaded.predictor.given == {"variant": "small", "weights": weights, "device": "cpu", "seed": 3}
    assert loaded.record.weights == "w.pt"
    assert loaded.record.weights_sha256 == hashlib.sha256(b"weights").hexdigest()
    assert loaded.device.kind == "cpu"
    assert load(f"{model}:make", seed=5).predictor.seed == 5
    assert load(f"{model}:make", seed=5).device is None


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ("Demanding", "needs arguments that rebench does not have: checkpoint"),
        ("Needy", "needs weights: give --weights"),
        ("Failing", r"could not be loaded: RuntimeError: no GPU \(model.py, line \d+\)"),
        ("Empty", r"no method predict\(image, expressions\)"),
        ("nothing", "gave 'NoneType', which has no method predict"),
        ("number", "no method predict"),
        ("Plane", "has no 'Plane': did you mean Plain"),
        ("xyz", "has no 'xyz'$"),
    ],
)
def test_what_is_no_predictor_is_refused(model, attribute, message):
    with pytest.raises(RebenchError, match=message) as caught:
        load(f"{model}:{attribute}")
    assert "\n" not in str(caught.value)


def test_weights_for_a_model_that_takes_none(model, tmp_path):
    (tmp_path / "w.pt").write_bytes(b"")
    for attribute in ("Plain", "make", "ready"):
        with pytest.raises(RebenchError, match="takes no weights"):
            load(f"{model}:{attribute}", weights=tmp_path / "w.pt")


@pytest.mark.parametrize("weights", ["missing.pt", ".", "\0"])
def test_weights_that_are_not_there(model, weights):
    with pytest.raises(RebenchError, match="no weights file"):
        load(f"{model}:Choosy", weights=weights)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", r"broken.py could not be imported: ZeroDivisionError: .* \(broken.py, line 1\)"),
        ("import not_there_at_all", "ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("def f(:", r"SyntaxError: .*\(broken.py, line 1\)"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_a_file_that_cannot_be_imported(tmp_path, code, message):
    (tmp_path / "broken.py").write_text(code)
    with pytest.raises(RebenchError, match=message):
        find(f"{tmp_path / 'broken.py'}:Model")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "unknown model ''"),
        (":", "unknown model"),
        ("a:b:c", "unknown model"),
        ("no_such_module_here:Model", "unknown model"),
        ("../x:Model", "unknown model"),
        ("os.path:join x", "unknown model"),
        ("missing.py:Model", "no file 'missing.py'"),
        ("nul\0.py:Model", "no file"),
        (".py:Model", "no file"),
        ("model.py", "names a file but no class in it: give model.py:Class"),
        ("os:path", "no predictor"),
        ("builtins:int", "no predictor"),
        ("x" * 10_000, "unknown model"),
        ("rebench.predict.mock:Mick", "did you mean Mock"),
        ("line\nbreak:Model", "unknown model"),
        ("safire:", "ends without a variant"),
    ],
)
def test_hostile_names_are_refused_in_one_short_line(spec, message):
    with pytest.raises(RebenchError, match=message) as caught:
        find(spec)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@given(st.text(max_size=30))
def test_no_name_breaks_the_registry(spec):
    with pytest.raises(RebenchError):
        find(spec)


def test_registered_names_win_and_take_variants(install, model, monkeypatch):
    monkeypatch.syspath_prepend(model.parent)
    install("some-models", choosy="model:Choosy", plain="model:Plain")
    loaded = load("choosy:tiny", device="cpu")
    assert (loaded.record.name, loaded.record.variant) == ("choosy", "tiny")
    assert loaded.predictor.given["variant"] == "tiny"
    assert load("choosy", device="cpu").record.variant is None
    with pytest.raises(RebenchError, match="'plain' has no variants"):
        load("plain:tiny")


def test_listing_imports_nothing(install):
    install("broken-models", broken="not_there_at_all:Model")
    assert "broken" in registered()
    with pytest.raises(
        RebenchError, match="model 'broken' of broken-models could not be imported: ModuleNotFound"
    ):
        find("broken")


def test_a_typo_gets_suggestions(install):
    install("some-models", sapphire="x:Y", emerald="x:Y")
    for typo in ("saphire", "sapphir:tiny"):
        with pytest.raises(RebenchError, match=r"did you mean sapphire"):
            find(typo)


def test_two_claims_to_one_name_are_an_error_only_when_it_is_asked_for(install, model, monkeypatch):
    monkeypatch.syspath_prepend(model.parent)
    install("first", twin="model:Plain", single="model:Plain")
    install("second", twin="model:Choosy")
    assert load("single").record.name == "single"
    with pytest.raises(
        RebenchError, match=r"first \(model:Plain\) and second \(model:Choosy\) both register"
    ):
        find("twin")


def test_an_uninstalled_checkout_says_so(monkeypatch):
    monkeypatch.setattr("rebench.predict.registry.registered", dict)
    monkeypatch.setattr("rebench.__version__", "0+unknown", raising=False)
    with pytest.raises(RebenchError, match="not installed"):
        find("safire")


def test_a_predictor_object_is_named_after_its_card_or_class():
    class Mine:
        def predict(self, image, expressions):
            return []

    assert wrap(Mine()).spec.startswith("test_registry:test_a_predictor")
    mine = Mine()
    mine.card = ModelCard("mine", variant="big", warning="mind the gap")
    assert (wrap(mine).spec, wrap(mine).record.warning) == ("mine:big", "mind the gap")
    with pytest.raises(RebenchError, match="'int', which has no method predict"):
        wrap(7)
    with pytest.raises(RebenchError, match=r"give an instance: Mine\(\)"):
        wrap(Mine)


@pytest.mark.parametrize(
    ("field", "value"),
    [("parameters", np.float32(3)), ("warning", 5), ("trained_on", "scenes"), ("trained_on", (1,))],
)
def test_a_card_that_could_not_be_read_again_is_refused(field, value):
    class Odd:
        card = ModelCard("odd", **{field: value})

        def predict(self, image, expressions):
            return []

    with pytest.raises(RebenchError, match=rf"card of model 'odd': '{field}' cannot be"):
        wrap(Odd())


def test_devices():
    assert find_device("cpu").kind == "cpu"
    with pytest.raises(RebenchError, match="unknown device 'tpu'"):
        find_device("tpu")


def test_a_device_that_is_not_there():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(RebenchError, match="no CUDA device"):
        find_device("cuda")
    assert find_device("auto").kind == "cpu"


def test_the_registry_imports_no_torch():
    code = "import sys, rebench.predict.registry, rebench.predict.runner; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
