"""What a field of a board may say: plain text, nothing that a browser, a spreadsheet or an eye mistakes."""

import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode categories without a picture of their own; those that turn the direction of text are among them."""

_FORMULA = tuple("=+-@＝＋－＠")


def plain_line(text: str) -> str:
    """The same text. Raises (as pydantic wants it) for HTML, formulas and what cannot be seen."""
    if any(unicodedata.category(c) in _HIDDEN for c in text) or unicodedata.normalize("NFC", text) != text:
        raise PydanticCustomError("hidden", "characters that are not seen, or not in normal form (NFC)")
    if "<" in text or ">" in text:
        raise PydanticCustomError("markup", "HTML: write it without < and >")
    if text.startswith(_FORMULA):
        raise PydanticCustomError("formula", "begins like a formula: begin with a letter or digit")
    if text != " ".join(text.split()):
        raise PydanticCustomError("hidden", "blanks at an end, or several of them")
    return text


def _name(text: str) -> str:
    plain_line(text)
    if not text.isascii():
        raise PydanticCustomError("name", "letters that look like others: use plain letters and digits")
    return text


def _link(text: str) -> str:
    if any(part in text for part in ("..", "@", "\\")):
        raise PydanticCustomError("link", "no plain https address")
    return text


def _path(text: str) -> str:
    if text.startswith("/") or any(part in ("", ".", "..") for part in text.split("/")) or "\\" in text:
        raise PydanticCustomError("path", "leads out of the board's folder: give a path below it")
    return text


def moment(text: str) -> datetime:
    """The point in time that a `Time` names."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _time(text: str) -> str:
    try:
        moment(text)
    except (ValueError, OverflowError):
        raise PydanticCustomError("date", "no date of the calendar") from None
    return text


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(plain_line)]
"""One line in any script."""

Name = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_name)]
"""The name of a model, variant or board: ASCII, so that two names that look alike are alike."""

Link = Annotated[
    str,
    Field(max_length=300, pattern=r"^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._~/?#=&%+:,;-]*)?$"),
    AfterValidator(_link),
]

RelativePath = Annotated[str, Field(max_length=300, pattern=r"^[A-Za-z0-9._+/\\-]+$"), AfterValidator(_path)]
"""A file below the board's folder."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

SplitName = Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9+]+(:[A-Za-z0-9-]+)?$")]

Time = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|\+00:00)$"),
    AfterValidator(_time),
]
"""UTC to the second, ISO 8601."""


@lru_cache(maxsize=2**14)
def skeleton(name: str) -> str:
    """What is left of a name for a quick eye: names with one skeleton are taken for each other.

    Case and separators are gone; 0 is o, 1, i, l and | are one, and × is x. `+` counts: CRIS+ is not CRIS.
    """
    swapped = name.casefold().translate(str.maketrans("01i|×", "olllx")).replace("rn", "m").replace("vv", "w")
    return "".join(c for c in swapped if c.isalnum() or c == "+")
