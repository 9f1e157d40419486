"""What a run cost, as far as its own files know."""

from rebench.report import cells
from rebench.report.content import Chapter, Entry
from rebench.report.facts import facts_table
from rebench.report.section import Section
from rebench.report.table import Cell


def efficiency(chapter: Chapter) -> Section | None:
    """Parameters, device and time per expression; None where nothing is known."""
    if not any(entry.times or entry.record.model.parameters for entry in chapter.entries):
        return None
    table = facts_table(
        chapter,
        "efficiency",
        f"Parameters and time per expression on {chapter.title}, as each run measured it.",
        _cost,
    )
    return Section(
        "efficiency",
        "Efficiency",
        (
            "Times are of whole runs on whatever machine they ran: they are comparable only where device"
            " and load were the same. The command rebench profile measures models side by side.",
        ),
        tables=(table,),
    )


def _cost(entry: Entry) -> dict[str, Cell]:
    model, there, times = entry.record.model, entry.record.environment, entry.times
    return {
        "device": cells.words(there.device_name or there.device),
        "backend": cells.words(model.backend),
        "dtype": cells.words(model.dtype),
        "parameters (M)": cells.number(None if model.parameters is None else model.parameters / 1e6, 1),
        "median (ms)": cells.number(1000 * times.median if times else None, 1),
        "95th percentile (ms)": cells.number(1000 * times.slow if times else None, 1),
        "total (s)": cells.number(times.total if times else None, 1),
        "per second": cells.number(times.measured / times.total if times and times.total else None, 1),
    }
