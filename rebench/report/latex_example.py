"""A document that shows every table and figure of a report, to compile and to copy from."""

from collections.abc import Sequence

from rebench.report.escape import LATEX_PREAMBLE, latex
from rebench.report.section import Figure
from rebench.report.table import Table

SHOWN = r"""\newcommand{\shown}[1]{% as large as it was drawn, unless there is no room
  \leavevmode\setbox0\hbox{\includegraphics{#1}}%
  \ifdim\wd0>\linewidth\shrunk{#1}\else\ifdim\ht0>.8\textheight\shrunk{#1}\else\box0\fi\fi}
\newcommand{\shrunk}[1]{\includegraphics[width=\linewidth,height=.8\textheight,keepaspectratio]{#1}}
"""

LINES = 50
"""Of a table that still fits a page, intervals counted; longer ones are in the page and in CSV."""

FLOATS = 12
"""Tables and figures that LaTeX may hold back to fill pages; older ones hold 18."""


def fits_a_page(table: Table) -> bool:
    """Whether the table is short enough to be a float."""
    rows = [row for panel in table.panels for row in panel.rows]
    return sum(2 if any(cell.interval for cell in row.cells) else 1 for row in rows) <= LINES


def example(tables: Sequence[Table], figures: Sequence[Figure]) -> str:
    """An article with all of them; compiles with pdfLaTeX and LuaLaTeX from its own folder."""
    shown = [rf"\input{{{table.name}}}" for table in tables]
    drawn = [
        "\n".join(
            (
                r"\begin{figure}[p]",
                r"  \centering",
                rf"  \shown{{{figure.name}}}",
                rf"  \caption{{{latex(figure.caption)}}}",
                r"\end{figure}",
            )
        )
        for figure in figures
    ]
    floats = [*shown, *drawn]
    together = ["\n".join(floats[i : i + FLOATS]) for i in range(0, len(floats), FLOATS)]
    body = "\n\\clearpage\n".join(together)
    return f"""% made by rebench: every table and figure of a report
\\documentclass{{article}}
\\usepackage[T1]{{fontenc}}
\\usepackage{{booktabs,graphicx,lmodern}}
\\usepackage[margin=2.2cm]{{geometry}}
{LATEX_PREAMBLE}{SHOWN}\\begin{{document}}
{body}
\\end{{document}}
"""
