"""Cells of a report: how a number is printed, the same in every format."""

import math
from collections.abc import Mapping

from rebench.report.table import Cell, Mark
from rebench.stats.verdicts import points


def percent(estimate: Mapping[str, float | None] | None, mark: Mark = "") -> Cell:
    """A fraction {"value", "low", "high"} in percent with its interval; empty where it is unknown."""
    if estimate is None or not _known(estimate["value"]):
        return Cell()
    low, high = estimate["low"], estimate["high"]
    interval = (_hundredths(low), _hundredths(high)) if _known(low) and _known(high) else None
    return Cell(_hundredths(estimate["value"]), _times_100(estimate["value"]), interval, mark)


def share(fraction: float | None) -> Cell:
    """A fraction in percent, without an interval."""
    return percent({"value": fraction, "low": None, "high": None})


def lead(estimate: float, low: float, high: float, mark: Mark = "") -> Cell:
    """A difference in points, with its sign and its interval; empty where it is unknown (NaN)."""
    if not _known(estimate):
        return Cell()
    interval = (signed(low), signed(high)) if _known(low) and _known(high) else None
    return Cell(signed(estimate), 100 * estimate, interval, mark)


def signed(fraction: float) -> str:
    """In points with its sign; 0 has none."""
    text = points(fraction)
    return text if text.startswith("-") or not float(text) else f"+{text}"


def p_value(p: float | None) -> Cell:
    """Three digits, or that it is below 0.001."""
    if p is None or math.isnan(p):
        return Cell()
    return Cell("<0.001" if p < 0.001 else f"{p:.3f}", p)


def number(value: float | None, digits: int = 2) -> Cell:
    """With so many digits behind the point."""
    if value is None or not _known(value):
        return Cell()
    return Cell(f"{round(value, digits) + 0.0:,.{digits}f}", value)  # no minus before nothing but zeros


def count(n: int | None) -> Cell:
    """A whole number with its thousands apart."""
    return Cell() if n is None else Cell(f"{n:,}", float(n))


def words(text: str | None) -> Cell:
    """Words."""
    return Cell(text or "")


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _times_100(value: float | None) -> float:
    return math.nan if value is None else 100 * value


def _hundredths(value: float | None) -> str:
    return f"{round(_times_100(value), 1) + 0.0:.1f}"
