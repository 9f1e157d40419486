"""Text that others wrote, as text: in LaTeX, Markdown and CSV, whatever it holds.

Names of models, sentences and paths reach every output through one of these, and nothing else does the
escaping. `plain` comes first in all of them.
"""

import re
import unicodedata

_BIDI_CONTROLS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x61C))
"""They turn what stands around them; scripts that run from right to left need none of them."""

_MARKDOWN = re.compile(r"([\\`*_\[\]|~$])")
_FORMULA = tuple("=+-@＝＋－＠")  # the wide ones work in some spreadsheets too
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedblright{}",  # a straight one is not in every font encoding
    "–": "--",
    "—": "---",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "…": r"\dots{}",
    "†": r"\textdagger{}",
    "‡": r"\textdaggerdbl{}",
    "•": r"\textbullet{}",
    "§": r"\S{}",
    "©": r"\textcopyright{}",
    "×": r"\ensuremath{\times}",
    "±": r"\ensuremath{\pm}",
    "°": r"\textdegree{}",
    "·": r"\ensuremath{\cdot}",
    "−": r"\ensuremath{-}",
    "≤": r"\ensuremath{\le}",
    "≥": r"\ensuremath{\ge}",
    "→": r"\ensuremath{\rightarrow}",
    "α": r"\ensuremath{\alpha}",
    "\ufffd": "?",  # LuaTeX takes it for broken input
}
_LATEX |= {"ø": r"\o{}", "Ø": r"\O{}", "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}"}
_LATEX |= {"œ": r"\oe{}", "Œ": r"\OE{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}"}
_LIGATURES = re.compile(r"(?<=[-'`,!?])(?=[-'`,!?])")
_ACCENTS = frozenset("\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327")
"""Combining accents that every font encoding of LaTeX can set on a letter."""


def plain(text: str) -> str:
    """The text on one line, without what is no text.

    Blanks and line ends become single spaces, other control characters and half surrogates U+FFFD; marks
    that only turn the direction of what follows are dropped.
    """
    line = " ".join(text.split()).translate(_BIDI_CONTROLS)
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cs") else c for c in line)


def csv(text: str) -> str:
    """The text for a cell of a CSV file that a spreadsheet opens: a formula gets a leading apostrophe.

    Numbers stay numbers. Quoting is the business of the csv module.
    """
    line = plain(text)
    return "'" + line if line.startswith(_FORMULA) and not _NUMBER.fullmatch(line) else line


def markdown(text: str) -> str:
    """The text for a cell of a Markdown table (GitHub's), or a line that begins with other words."""
    line = _MARKDOWN.sub(r"\\\1", plain(text))
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def latex(text: str) -> str:
    """The text for LaTeX, in any font encoding, after `LATEX_PREAMBLE`.

    What pdfTeX cannot set (emoji, other scripts) becomes `\\rebenchchar{<character>}{<code>}`.
    """
    parts = [_latex(run) for run in _runs(plain(text))]
    return "".join(parts)


LATEX_PREAMBLE = r"""% A character that pdfTeX has not: itself where engine and font have it, else its code.
\providecommand{\rebenchchar}[2]{%
  \ifdefined\Umathchar\iffontchar\font"#2 #1\else\texttt{U+#2}\fi\else\texttt{U+#2}\fi}
\providecommand{\rebenchrtl}[1]{{\ifdefined\textdir\textdir TRT\fi #1}}% from right to left, in LuaTeX
"""


def _runs(line: str) -> list[str]:
    """The line cut where words that run from right to left begin and end."""
    right = re.compile(
        r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]+(?:\s+[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]+)*"
    )
    cuts = [place for found in right.finditer(line) for place in found.span()]
    return [line[start:end] for start, end in zip([0, *cuts], [*cuts, len(line)], strict=True) if start < end]


def _latex(run: str) -> str:
    """A run of one direction."""
    text = "".join(_latex_character(c) for c in unicodedata.normalize("NFC", _LIGATURES.sub("\0", run)))
    text = text.replace("\0", r"\kern0pt{}")
    turned = unicodedata.bidirectional(run[0]) in ("R", "AL")
    return rf"\rebenchrtl{{{text}}}" if turned else text


def _latex_character(c: str) -> str:
    if c in _LATEX:
        return _LATEX[c]
    if c.isascii():
        return c
    parts = unicodedata.normalize("NFD", c)
    if len(parts) == 2 and parts[0].isascii() and parts[0].isalpha() and parts[1] in _ACCENTS:
        return c
    return rf"\rebenchchar{{{c}}}{{{ord(c):04X}}}"
