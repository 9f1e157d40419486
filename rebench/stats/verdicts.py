"""From numbers to words: better, worse, tied, undecided."""

import math
from typing import Literal

Verdict = Literal["better", "worse", "tied", "undecided"]

_LABELS = {"oiou": "oIoU", "miou": "mIoU", "biou": "boundary IoU"}


def judge(estimate: float, p: float, p_equivalence: float, alpha: float) -> Verdict:
    """What is found about A against B at the level alpha, from (adjusted) p-values.

    "better" or "worse": the difference is significant, however small. "tied": it is not, and equivalence
    within the margin is. "undecided": neither; the data do not say.
    """
    if p < alpha and estimate != 0:
        return "better" if estimate > 0 else "worse"
    return "tied" if p_equivalence < alpha else "undecided"


def metric_label(metric: str) -> str:
    """oIoU, mIoU, Pr@0.5; another name as it is."""
    if metric.startswith("pr") and metric[2:].isdigit():
        return f"Pr@{int(metric[2:]) / 100:g}"
    return _LABELS.get(metric, metric)


def sentence(
    names: tuple[str, str],
    metric: str,
    verdict: Verdict,
    numbers: tuple[float, float, float],
    p: str,
    margin: float,
    place: str = "",
) -> str:
    """A finding in words; numbers are (estimate, low, high) of A minus B, told in points (hundredths).

    "A better by 1.8 oIoU [0.6, 3.1] on simple, p = 0.004": the winner stands first, its lead positive.
    """
    (a, b), (estimate, low, high), label = names, numbers, metric_label(metric)
    if math.isnan(estimate):
        return f"{a} and {b}{place}: no samples"
    if verdict == "worse":
        a, b, estimate, low, high = b, a, -estimate, -high, -low
    between = "no interval" if math.isnan(low) else f"[{points(low)}, {points(high)}]"
    lead = f"{points(estimate)} {label} {between}"
    if verdict in ("better", "worse"):
        return f"{a} better than {b} by {lead}{place}, {p}"
    if verdict == "tied":
        return f"{a} and {b} tied within {points(margin)}{place}: {lead}, {p}"
    return f"{a} against {b} undecided{place}: {lead}, {p}"


def lead_sentence(
    names: tuple[str, str],
    metric: str,
    groups: tuple[str, str],
    leads: tuple[float, float],
    change: tuple[float, float, float],
    p: str,
) -> str:
    """How a lead changes between groups, in words; change is (estimate, low, high) of first minus second."""
    if math.isnan(change[0]):
        return f"lead of {names[0]} over {names[1]} on {groups[0]} and {groups[1]}: no samples"
    ends = "no interval" if math.isnan(change[1]) else f"[{points(change[1])}, {points(change[2])}]"
    return (
        f"lead of {names[0]} over {names[1]}: {points(leads[0])} {metric_label(metric)} on {groups[0]},"
        f" {points(leads[1])} on {groups[1]}; the change is {points(change[0])} {ends}, {p}"
    )


def p_text(p: float) -> str:
    """p = 0.004, p < 0.001, or "no p"."""
    if math.isnan(p):
        return "no p"
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}" if p < 0.1 else f"p = {p:.2f}"


def points(fraction: float) -> str:
    """A fraction in hundredths, one digit after the point; two where one would say nothing."""
    value = 100 * fraction
    digits = 1 if abs(value) >= 0.095 or value == 0 else 2
    return f"{round(value, digits) + 0.0:.{digits}f}"  # no minus before nothing but zeros
