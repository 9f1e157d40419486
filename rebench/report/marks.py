"""Which of several runs are best and second, as far as the tests tell them apart."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from rebench.report.table import Mark

if TYPE_CHECKING:
    from rebench.stats import Panel

MEANING = (
    "Bold: no other run is shown to be better. Underlined: the same among those that are not bold."
    " Where no difference is shown, nothing is marked."
)


def best_and_second(names: Iterable[str], better: Collection[tuple[str, str]]) -> dict[str, Mark]:
    """The rule of every table of ours: marks by name, none where no difference is shown.

    Args:
        names: that are compared.
        better: (winner, loser) of every difference that is shown.

    Returns:
        "best" for those than which no other is shown to be better, "second" for the same among the rest.
    """
    names = list(names)
    best = _undominated(names, better)
    rest = [name for name in names if name not in best]
    if not rest:
        return {}
    found: dict[str, Mark] = dict.fromkeys(best, "best")
    return found | dict.fromkeys(_undominated(rest, better), "second")


def _undominated(names: list[str], better: Collection[tuple[str, str]]) -> list[str]:
    """Those than which none of the others is better."""
    return [name for name in names if not any((other, name) in better for other in names)]


def marks(panel: "Panel | None", metric: str, group: str) -> dict[str, Mark]:
    """Marks by the name of the run, for one column; empty where nothing is told apart."""
    if panel is None:
        return {}
    better = set[tuple[str, str]]()
    names = dict[str, None]()
    for d in panel.differences:
        if (d.metric, d.group) == (metric, group):
            names |= {d.a: None, d.b: None}
            if d.verdict in ("better", "worse"):
                better.add((d.a, d.b) if d.verdict == "better" else (d.b, d.a))
    return best_and_second(names, better)


def tested(panel: "Panel | None") -> str:
    """How the tests were made, in a sentence; nothing without any."""
    if panel is None or not panel.differences:
        return ""
    families = [f for f in panel.families if "difference" in f.name]
    labels = " and ".join(dict.fromkeys(f.label for f in families))
    return (
        f"Differences: paired permutation of whole images, p adjusted ({labels}),"
        f" level {100 * panel.settings.alpha:g} %."
    )
