"""Tables compile as they are: hostile names, all presets, the widths of the venues, no overfull box."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rebench.published.ledger import Ledger
from rebench.published.paper_table import paper_table
from rebench.published.presets import PRESETS
from rebench.report.latex_table import latex_table
from rebench.report.table import Cell, Column, Panel, Row, Table

pdflatex = shutil.which("pdflatex")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(pdflatex is None, reason="no pdflatex here")]

WIDTHS = {
    "article": (r"\documentclass{article}", None, None),
    "cvpr": (r"\documentclass[10pt,twocolumn]{article}", "6.875in", "0.3125in"),
    "neurips": (r"\documentclass{article}", "5.5in", None),
    "ieee": (r"\documentclass[10pt,twocolumn]{article}", "7.16in", "0.16in"),
}
"""Class, width of the text and gap between the columns, as the venues have them."""

NAMES = (
    "<script>alert(1)</script> & 50%_$x$",
    "\"quoted\" 'single' ``ticks'' -- ~^{}\\",
    "emoji 🙂 and ∑, שלום, é ø ß ‡",
    r"%s #1 \input{x} \end{table}",
    "a-very-long-name-without-any-place-to-break-it-" * 3,
)


def compiled(tables, style, folder):
    """The text of the log of a document with these tables."""
    head, width, gap = WIDTHS[style]
    lines = [head, r"\usepackage{booktabs,graphicx}"]
    lines += [rf"\textwidth={width}\hsize={width}\columnwidth={width}"] if width else []
    lines += [rf"\columnsep={gap}"] if gap else []
    lines += [r"\begin{document}", "Text."]
    for table in tables:
        (folder / f"{table.name}.tex").write_text(latex_table(table), "utf-8")
        lines.append(rf"\input{{{table.name}}}\clearpage")
    (folder / "paper.tex").write_text("\n".join([*lines, r"\end{document}"]), "utf-8")
    assert pdflatex
    command = [pdflatex, "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=600, check=False)
    log = Path(folder / "paper.log").read_text("latin-1")
    assert done.returncode == 0, log[-3000:]
    return log


def hostile():
    columns = (Column(("", "", "Method"), numeric=False),)
    columns += tuple(Column((m, d, "val")) for m in ("oIoU", "mIoU") for d in ("RefCOCO", "R&D_50%"))
    number = Cell("65.12", 65.12, ("63.01", "67.23"), "best", ("a note",))
    rows = [
        Row((Cell(name, notes=(f"about {name}",)), number, number, Cell(), Cell("-1.6"))) for name in NAMES
    ]
    plain = Row((Cell("plain"), *(Cell("50.0") for _ in range(4))), "As published")
    return Table("hostile", "Names such as " + "; ".join(NAMES[:4]), (Panel(columns, (plain, *rows)),))


@pytest.mark.parametrize("style", WIDTHS)
def test_a_table_higher_than_the_page_is_scaled_to_it(style, tmp_path):
    columns = (Column(("Method",), numeric=False), Column(("oIoU",)))
    rows = tuple(Row((Cell(f"model {n}", notes=("a note. " * 30,)), Cell("-1.5", -1.5))) for n in range(70))
    log = compiled([Table("high", "High. " * 20, (Panel(columns, rows),))], style, tmp_path)
    assert not re.findall(r"Overfull.*|Float too large.*", log)


@pytest.mark.parametrize("style", WIDTHS)
def test_every_table_fits_every_venue(style, tmp_path):
    ledger = Ledger.read()
    tables = [paper_table(preset, ledger) for preset in PRESETS.values()]
    log = compiled([*tables, hostile()], style, tmp_path)
    assert not re.findall(r"Overfull.*", log)
    assert "undefined" not in log.lower()
    assert not re.search(r"Float too large", log)
    assert re.search(r"Output written on paper.pdf", log)
