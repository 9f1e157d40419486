"""A table in LaTeX: booktabs, to be `\\input` where the table is wanted.

Needs `\\usepackage{booktabs,graphicx}` and nothing else. The table is never wider than the line it stands in,
nor, with caption and footnotes, higher than the page: one that would be is scaled. Where it is much wider
than a column it spans both (`table*`).
"""

from collections.abc import Iterator
from itertools import accumulate

from rebench.report.escape import LATEX_PREAMBLE, latex
from rebench.report.table import Cell, Column, Panel, Row, Span, Table

COLUMN = 52
"""Characters that fit a column of a two-column paper without becoming too small to read."""


SIGNED = r"""% A number below zero: a minus, not a hyphen, and the digits of the text.
\providecommand{\rebenchnum}[1]{\rebenchsign#1\relax}
\def\rebenchsign-#1\relax{\ensuremath{-}#1}
"""


def latex_table(table: Table) -> str:
    """The table as a float with caption, label `tab:<name>` and footnotes."""
    environment = "table*" if _width(table) > COLUMN else "table"
    panels = "\n  \\\\[1.2ex]\n".join(_tabular(panel, table) for panel in table.panels)
    return f"""% made by rebench; \\usepackage{{booktabs,graphicx}}
{LATEX_PREAMBLE}{SIGNED if _is_signed(table) else ""}\\begin{{{environment}}}[t]
  \\centering
  \\caption{{{latex(table.caption)}}}
  \\label{{tab:{table.name}}}
  \\par\\smallskip\\small
  \\setbox2=\\hbox{{\\begin{{tabular}}{{@{{}}c@{{}}}}
{panels}
  \\end{{tabular}}}}%
  \\setbox4=\\vbox{{{_notes(table)}}}%
  \\setbox2=\\hbox{{\\ifdim\\wd2>\\linewidth\\resizebox{{\\linewidth}}{{!}}{{\\box2}}\\else\\box2\\fi}}%
  \\dimen2=\\dimexpr.85\\textheight-\\ht4-\\dp4\\relax % the rest is for the caption
  \\leavevmode\\ifdim\\dimexpr\\ht2+\\dp2>\\dimen2 \\resizebox*{{!}}{{\\dimen2}}{{\\box2}}\\else\\box2\\fi
  \\par\\smallskip\\box4
\\end{{{environment}}}
"""


def _width(table: Table) -> int:
    """Of the widest panel, in characters."""
    return max(
        sum(2 + max(len(text) for text in _texts(panel, place)) for place in range(len(panel.columns)))
        for panel in table.panels
    )


def _texts(panel: Panel, place: int) -> Iterator[str]:
    yield panel.columns[place].header[-1]
    for row in panel.rows:
        cell = row.cells[place]
        yield cell.text
        yield ", ".join(cell.interval or ())


def _tabular(panel: Panel, table: Table) -> str:
    align = "".join("r" if column.numeric else "l" for column in panel.columns)
    lines = [rf"\begin{{tabular}}{{@{{}}{align}@{{}}}}", r"\toprule"]
    *outer, last = panel.headings
    for level in outer:
        lines += [_line(_heading(span) for span in level), *_rules(level)]
    lines += [_line(latex(span.text) for span in last), r"\midrule"]
    groups = list(panel.groups)
    for number, (group, rows) in enumerate(groups):
        if number:
            lines.append(r"\midrule")
        if len(groups) > 1 and group:
            lines.append(rf"\multicolumn{{{len(panel.columns)}}}{{@{{}}l}}{{\emph{{{latex(group)}}}}} \\")
        for row in rows:
            lines += _row(row, panel.columns, table)
    lines += [r"\bottomrule", r"\end{tabular}"]
    return "\n".join("  " + line for line in lines)


def _heading(span: Span) -> str:
    if not span.text:
        return " & " * (span.width - 1)
    return rf"\multicolumn{{{span.width}}}{{c}}{{{latex(span.text)}}}"


def _rules(level: list[Span]) -> list[str]:
    ends = list(accumulate(span.width for span in level))
    rules = [
        rf"\cmidrule(lr){{{end - span.width + 1}-{end}}}"
        for span, end in zip(level, ends, strict=True)
        if span.text
    ]
    return ["".join(rules)] if rules else []


def _row(row: Row, columns: tuple[Column, ...], table: Table) -> Iterator[str]:
    """The row, and below it the intervals."""
    cells = list(zip(row.cells, columns, strict=True))
    yield _line(_cell(cell, column, table) for cell, column in cells)
    if any(cell.interval for cell in row.cells):
        yield _line(_interval(cell) for cell in row.cells)


def _is_signed(table: Table) -> bool:
    """Whether any number in it is below zero."""
    cells = (cell for panel in table.panels for row in panel.rows for cell in row.cells)
    return any(text.startswith("-") for cell in cells for text in (cell.text, *(cell.interval or ())))


def _number(text: str) -> str:
    return rf"\rebenchnum{{{text}}}" if text.startswith("-") else latex(text)


def _cell(cell: Cell, column: Column, table: Table) -> str:
    text = latex(cell.text) if cell.value is None else _number(cell.text)
    if not text and column.numeric:
        text = "--"
    if cell.mark == "best":
        text = rf"\textbf{{{text}}}"
    elif cell.mark == "second":
        text = rf"\underline{{{text}}}"
    if letters := table.letters(cell):
        raised = rf"\textsuperscript{{{letters}}}"
        text += rf"\rlap{{{raised}}}" if column.numeric else raised  # digits stay below digits
    return text


def _interval(cell: Cell) -> str:
    if not cell.interval:
        return ""
    low, high = map(_number, cell.interval)
    return rf"{{\scriptsize [{low}, {high}]}}"


def _line(cells: Iterator[str]) -> str:
    return " & ".join(cells) + r" \\"


def _notes(table: Table) -> str:
    """The footnotes in one paragraph, then the notes."""
    letters = [rf"\textsuperscript{{{letter}}}\,{latex(text)}" for text, letter in table.footnotes.items()]
    parts = [*letters, *map(latex, table.notes)]
    if not parts:
        return ""
    text = "\n    ".join(parts)
    return f"\\footnotesize\\raggedright\n    {text}\\par"
