import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_worked_example_prints_what_the_page_shows(capsys):
    runpy.run_path(str(DOCS / "examples" / "statistics.py"))
    shown = (DOCS / "statistics.md").read_text(encoding="utf-8")
    printed = capsys.readouterr().out
    assert printed.startswith("1. an interval")
    assert f"```\n{printed}```\n" in shown
