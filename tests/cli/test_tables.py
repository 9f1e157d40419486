import pytest

from rebench.cli.tables import summary_table

METRICS = ["oiou", "miou", "pr50", "pr60", "pr70", "pr80", "pr90"]


def estimate(value, low, high):
    return {"value": value, "low": low, "high": high}


def section(n=110_818, images=18_496, e=(0.7134, 0.69, 0.735)):
    def cell(n, e):
        return {"n": n, "images": images, **{metric: estimate(*e) for metric in METRICS}}

    groups = {
        "simple": cell(0, (None,) * 3),
        "object_distracting": cell(n, e),
        "category_implicit": cell(n, e),
    }
    return {"overall": cell(n, e), "groups": {**groups, "both": cell(1, (1.0, None, None))}}


def shown(width):
    from rich.console import Console

    chance = {name: section() for name in ("empty_mask", "full_mask", "random_instance")}
    coverage = {"text": "188 of 7,050 expressions", "failed": 3, "missing": 0}
    summary = {
        "protocol": "original", "coverage": coverage, "labels": "tagger", "interval": {"level": 0.95},
        **section(), "chance": chance,
    }  # fmt: skip
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(summary_table(summary, "[mock] on scenes:test", width))
    return capture.get().splitlines()


@pytest.fixture
def lines():
    return shown(100)


@pytest.mark.parametrize(
    ("width", "metrics", "left_out"),
    [(200, 5, ""), (100, 5, ""), (80, 3, "; Pr@70, Pr@90 need"), (60, 2, "; Pr@50, Pr@70, Pr@90 need")],
)
def test_what_does_not_fit_is_left_out_and_named_never_cut(width, metrics, left_out):
    text = "\n".join(shown(width))
    assert text.count("[69.0, 73.5]") == 3 * metrics
    assert "…" not in text
    after = " ".join(text.split()).partition("groups by the tagger")[2]
    assert after == left_out + " a wider terminal" * bool(left_out)


def test_the_largest_split_fits_100_columns_uncut(lines):
    text = "\n".join(lines)
    assert max(map(len, lines)) <= 100
    assert "…" not in text
    assert "110,818" in text
    assert text.count("[69.0, 73.5]") == 3 * 5


def test_what_a_row_says(lines):
    row = next(line for line in lines if "overall" in line)
    assert row.split() == ["overall", "110,818", "18,496", *["71.3"] * 5]
    both = next(index for index, line in enumerate(lines) if line.strip().startswith("both"))
    assert lines[both].split() == ["both", "1", "18,496", *["100"] * 5]
    assert lines[both + 1].split() == ["no", "interval"] * 5


def test_groups_without_expressions_are_left_out(lines):
    assert not any("simple" in line for line in lines)


def test_chance_lines_stand_below(lines):
    assert [line.split()[:2] for line in lines if "mask" in line] == [["empty", "mask"], ["full", "mask"]]
    assert sum("random inst." in line for line in lines) == 1


def test_title_and_caption_say_what_the_numbers_stand_for(lines):
    text = " ".join(line.strip() for line in lines)
    assert "[mock] on scenes:test" in text
    assert "188 of 7,050 expressions; 3 failed; protocol original" in text
    assert "missing" not in text
    assert "groups by the tagger" in text
