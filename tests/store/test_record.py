"""run.json: what is written is read, what is foreign is refused in one line."""

import json
import platform
from dataclasses import replace

import pytest

from rebench.data.split import Counts
from rebench.errors import RebenchError
from rebench.store.environment import environment
from rebench.store.record import ModelRecord, RunRecord, SplitRecord

RECORD = RunRecord(
    model=ModelRecord(name="safire", variant="tiny", weights_sha256="a" * 64, trained_on=("scenes:train",)),
    split=SplitRecord(
        name="arefcoco:test",
        manifest_sha256="b" * 64,
        images=100,
        refs=150,
        expressions=188,
        official=Counts(2213, 4112, 7050),
        whole=False,
        coverage="188 of 7,050 expressions",
        labels="tagger",
    ),
    protocol="original",
    environment=environment("cpu"),
    started="2026-01-01T00:00:00+00:00",
)


def test_a_record_survives_the_disk():
    assert RunRecord.from_json(RECORD.to_json(), "run.json") == RECORD


def test_a_name_that_is_no_unicode_survives_the_disk():
    record = replace(RECORD, model=replace(RECORD.model, name="caf\udce9.py:Model"))
    assert RunRecord.from_json(record.to_json().encode(), "run.json") == record


def changed(**fields):
    return json.dumps(json.loads(RECORD.to_json()) | fields)


def test_unknown_fields_are_passed_over():
    split = json.loads(RECORD.to_json())["split"] | {"mood": "good"}
    assert RunRecord.from_json(changed(mood="good", split=split), "run.json") == RECORD


def test_a_record_from_the_future_is_refused():
    with pytest.raises(RebenchError, match=r"runs/x/run.json was written by a newer rebench .*upgrade"):
        RunRecord.from_json(changed(schema_version=99), "runs/x/run.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "no schema_version"),
        ("[" * 100_000, "not JSON"),
        ("{}", "no schema_version"),
        (changed(schema_version="1"), "no schema_version"),
        ('{"schema_version": 1}', "lacks 'model'"),
        (changed(model={"variant": "x"}), "lacks 'model.name'"),
        (changed(model="safire"), "'model' is not an object"),
        (changed(model={"name": 7}), "'model.name' cannot be 7"),
        (changed(seed="zero"), "'seed' cannot be 'zero'"),
        (changed(status="perfect"), "'status' cannot be 'perfect'"),
        (changed(model={"name": "m", "trained_on": "coco"}), "'model.trained_on' cannot be 'coco'"),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(text, message):
    with pytest.raises(RebenchError, match=message) as caught:
        RunRecord.from_json(text, "run.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "now"),
    [
        ("model.weights_sha256", {"model": replace(RECORD.model, weights_sha256="c" * 64)}),
        ("model.variant", {"model": replace(RECORD.model, variant=None)}),
        ("model.code_sha256", {"model": replace(RECORD.model, code_sha256="c" * 64)}),
        ("model.backend", {"model": replace(RECORD.model, backend="triton")}),
        ("model.dtype", {"model": replace(RECORD.model, dtype="bfloat16")}),
        ("split.manifest_sha256", {"split": replace(RECORD.split, manifest_sha256="c" * 64)}),
        ("protocol", {"protocol": "lavt"}),
        ("environment.device", {"environment": replace(RECORD.environment, device="cuda")}),
        ("environment.rebench", {"environment": replace(RECORD.environment, rebench="9.9")}),
        ("seed", {"seed": 1}),
        ("source", {"source": "imported"}),
    ],
)
def test_whatever_changes_the_answer_is_named(field, now):
    (difference,) = RECORD.differences(replace(RECORD, **now))
    assert difference.startswith(f"{field} was ")


def test_what_does_not_change_the_answer_is_no_difference():
    elsewhere = replace(RECORD.environment, platform="another machine")
    assert RECORD.differences(replace(RECORD, started="later", environment=elsewhere)) == []


def test_the_environment_names_versions_and_is_dirty_only_beside_a_commit():
    here = environment("cuda", "a card", "triton")
    assert (here.device, here.device_name, here.scan_backend) == ("cuda", "a card", "triton")
    assert here.numpy
    assert "pyarrow" in here.packages
    assert here.commit or here.dirty is None


def test_the_environment_names_a_system_and_no_machine():
    named = environment().platform
    assert platform.machine() in named
    assert platform.release() not in named
