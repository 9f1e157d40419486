"""What a run shows: everything on one screen of 40 lines by 100 columns."""

import json

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from rebench.cli.tables import further_lines, identity_table, rest_of_identity, summary_table
from rebench.data.catalogue import load_split
from rebench.metrics.scoring import score_predictions
from rebench.metrics.summary import summarise

pytestmark = pytest.mark.slow  # together they take seconds


@pytest.fixture(scope="module")
def summary():
    """Of somebody who takes a random instance, on scenes."""
    split, rng = load_split("scenes:train-60"), np.random.default_rng(0)
    rows = []
    for sample in split.samples:
        things = [i for i in split.instances(sample.image_id) if i.category == sample.category]
        row = {"sample_id": sample.sample_id, "height": sample.height, "width": sample.width, "error": None}
        rows.append(row | {"rle": rng.choice(things).rle["counts"], "status": "ok"})
    return summarise(score_predictions(split, pd.DataFrame(rows)).scores, split, resamples=200)


def printed(*parts, width=100):
    console = Console(width=width, force_terminal=False, highlight=False)
    with console.capture() as capture:
        for part in parts:
            console.print(part, soft_wrap=isinstance(part, str))
    return capture.get().splitlines()


def test_one_screen(summary):
    lines = printed(
        summary_table(summary, "random on scenes"),
        "",
        identity_table(summary["identity"]),
        rest_of_identity(summary["identity"]),
        *further_lines(summary),
    )
    assert len(lines) <= 36  # and four for what stands around it
    assert max(map(len, lines)) <= 100
    assert not any("…" in line for line in lines)


def row(lines, label):
    return next(line for line in lines if line.strip().startswith(label)).split()


def test_a_row_of_identity(summary):
    lines = printed(identity_table(summary["identity"]))
    overall = summary["identity"]["overall"]
    cells = row(lines, "overall")
    assert cells[1] == f"{overall['contested']['n']:,}"
    assert cells[2] == f"{100 * overall['accuracy']['value']:.1f}"
    assert cells[5] == f"{100 * overall['chance']['value']:.1f}"
    shares = [100 * overall["outcomes"][name]["share"]["value"] for name in ("correct", "poorly_drawn")]
    assert cells[7:9] == [f"{share:.1f}" for share in shares]
    assert [line.split()[0] for line in lines[3:8]] == [
        "overall",
        "simple",
        "distracting",
        "implicit",
        "both",
    ]


@pytest.mark.parametrize(("width", "outcomes"), [(100, 6), (82, 4), (50, 0)])
def test_outcomes_that_do_not_fit_are_left_out_and_it_says_so(summary, width, outcomes):
    lines = printed(identity_table(summary["identity"], width), width=width)
    assert max(map(len, lines)) <= width
    names = ("correct", "poor", "wrong", "several", "other", "empty")
    assert [name for name in names if name in lines[1].split()] == list(names[:outcomes])
    assert ("outcomes need more room" in " ".join(" ".join(lines).split())) == (outcomes < 6)


def test_what_is_counted_apart(summary):
    identity = json.loads(json.dumps(summary["identity"]))
    overall = identity["overall"]
    assert rest_of_identity(identity) == f"counted apart: {overall['single']['n']} with one instance only"
    overall["single"]["n"] = 0
    assert rest_of_identity(identity) == ""
    overall |= {"on_crowd": 1200, "unknown": {"n": 3, "images": 1}}
    assert rest_of_identity(identity) == (
        "counted apart: 1,200 on a crowd of the category, 3 in pictures whose objects cannot be decoded"
    )


def test_further_lines_of_an_older_summary_are_none():
    assert list(further_lines({"overall": {}})) == []


def test_further_lines(summary):
    lines = list(further_lines(summary, slices=0))
    assert lines[0].startswith("mIoU by size: small ")
    assert "boundary IoU" in lines[0]
    assert "targets: all expressions IoU ≥ 0.5" in lines[1]
