"""Marks: only what the tests tell apart."""

from dataclasses import dataclass

import pytest

from rebench.report.figures.critical import _cliques
from rebench.report.marks import marks


@dataclass
class D:
    a: str
    b: str
    verdict: str
    metric: str = "oiou"
    group: str = "overall"


@dataclass
class P:
    differences: tuple


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (("undecided", "undecided", "undecided"), {}),
        (("better", "better", "better"), {"a": "best", "b": "second"}),
        (("undecided", "better", "better"), {"a": "best", "b": "best", "c": "second"}),
        (("better", "better", "undecided"), {"a": "best", "b": "second", "c": "second"}),
        (("worse", "better", "tied"), {"b": "best", "a": "second"}),
    ],
)
def test_marks_follow_the_verdicts(verdicts, expected):
    pairs = (("a", "b"), ("a", "c"), ("b", "c"))
    panel = P(tuple(D(*pair, verdict) for pair, verdict in zip(pairs, verdicts, strict=True)))
    found = marks(panel, "oiou", "overall")
    assert found == expected
    assert marks(panel, "miou", "overall") == {}


def test_cliques_are_the_longest_stretches():
    assert _cliques([1.0, 1.5, 2.2, 4.0], 1.0) == [(0, 1), (1, 2)]
    assert _cliques([1.0, 1.1, 1.2], 1.0) == [(0, 2)]
    assert _cliques([1.0, 3.0], 1.0) == []
