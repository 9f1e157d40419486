"""Reading the pickles of the RefCOCO family without running anything that is in them.

A pickle is a program. This reader runs it with every name refused that is not a plain container, a string, a
number or a NumPy scalar, after a walk over its opcodes that bounds what they may allocate.
"""

import io
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rebench.data.fields import missing_file
from rebench.errors import RebenchError

MAX_BYTES = 2**30
"""The largest of the released files has some tens of megabytes."""

_ADMITTED = "plain containers, strings, numbers and NumPy scalars"

# Opcodes whose length is plain to see, protocols 0 to 5. Memo indices stay under 2**24 and 10**7: the
# unpickler allocates a table as long as the highest index, however small the file.
_PLAIN = re.compile(
    rb"(?:[(012N\]l})dtaesubRo\x81\x85-\x89\x8f-\x91\x93\x94]|\x80[\x00-\x05]|[Kqh][\s\S]|M[\s\S]{2}|J[\s\S]{4}"
    rb"|j[\s\S]{4}|r[\s\S]{3}\x00|G[\s\S]{8}|p[0-9]{1,7}\n|[ILFSVg][^\n]*\n|[ci][^\n]*\n[^\n]*\n)*+"
)
_STOP = ord(".")
_FRAME = 0x95
# Opcodes followed by a length in so many bytes, and by as many bytes of content.
_LENGTH_BYTES = {ord("U"): 1, ord("C"): 1, 0x8C: 1, 0x8A: 1, ord("X"): 4, ord("T"): 4, ord("B"): 4, 0x8B: 4}
_LENGTH_BYTES |= {0x8D: 8, 0x8E: 8, 0x96: 8}

_BROKEN = (
    pickle.UnpicklingError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    EOFError,
    ArithmeticError,
)


def read_pickle(path: str | os.PathLike[str]) -> Any:
    """The object in a pickle of plain containers, strings, numbers and NumPy scalars.

    Python 2 strings are read as Latin-1; NumPy scalars come back as plain Python numbers and strings.

    Raises:
        RebenchError: if there is no such file, it is truncated or no pickle, or it refers to anything else
            (the message names what).
    """
    path = Path(path)
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except FileNotFoundError:
        raise missing_file(path) from None
    except OSError as error:
        raise RebenchError(f"cannot read {path}: {error.strerror}") from error
    if data is None:
        raise RebenchError(f"{path} is larger than {MAX_BYTES:,} bytes: not one of the released files")
    if problem := _walk(data):
        raise RebenchError(f"{path} is not a readable pickle: {problem}; fetch the file again")
    try:
        return _Restricted(path, data).load()
    except _BROKEN as error:
        raise RebenchError(f"{path} is not a readable pickle: {error}; fetch the file again") from error
    except (MemoryError, RecursionError) as error:
        raise RebenchError(
            f"{path} is not a readable pickle: it is nested too deeply or too large"
        ) from error


def _walk(data: bytes) -> str | None:
    """What is wrong with the opcodes of a pickle, as far as can be seen without running it."""
    position, end = 0, len(data)
    while True:
        match = _PLAIN.match(data, position)
        position = match.end() if match else position
        if position >= end:
            return "it is truncated"
        opcode = data[position]
        if opcode == _STOP:
            return None
        position += 1
        if opcode == _FRAME:
            content = int.from_bytes(data[position : position + 8], "little")
            skip = 8
        elif (size := _LENGTH_BYTES.get(opcode)) is not None:
            content = int.from_bytes(data[position : position + size], "little")
            skip = size + content
        else:
            return f"broken or unexpected opcode {bytes([opcode])!r} at byte {position - 1:,}"
        if position + skip > end or content > end:
            return f"it is truncated (byte {position - 1:,} announces {content:,} more)"
        position += skip


class _Restricted(pickle.Unpickler):
    def __init__(self, path: Path, data: bytes) -> None:
        super().__init__(io.BufferedReader(io.BytesIO(data)), encoding="latin1")
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        make = _CONSTRUCTORS.get((module, name))
        if make is None:
            raise RebenchError(
                f"{self._path} refers to {module}.{name}: refused, a data file holds only {_ADMITTED}"
            )
        return _Constructor(make)

    def persistent_load(self, pid: Any) -> Any:
        raise RebenchError(f"{self._path} refers to an object outside of itself: refused")


class _Constructor:
    """Stands in for an admitted name, so that no opcode gets hold of a real class or function."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make

    def __call__(self, *arguments: Any) -> Any:
        return self._make(*arguments)


class _Dtype:
    """What a pickled numpy.dtype says, for scalars only."""

    __slots__ = ("name", "order")

    def __init__(self, name: str, *_flags: Any) -> None:
        if not isinstance(name, str) or not re.fullmatch(r"b1|[iu][1248]|f[248]|[SU][0-9]{1,6}", name):
            raise ValueError(f"a NumPy scalar of type {name!r:.40}")
        self.name, self.order = name, "="

    def __setstate__(self, state: Any) -> None:
        if state[1] not in ("<", ">", "=", "|"):
            raise ValueError(f"a byte order of {state[1]!r:.40}")
        self.order = state[1]


def _scalar(dtype: Any, data: Any = b"") -> Any:
    if not isinstance(dtype, _Dtype):
        raise ValueError("a NumPy scalar without a type")
    raw = data.encode("latin1") if isinstance(data, str) else data
    numpy_type = np.dtype(dtype.order + dtype.name)
    if not isinstance(raw, bytes) or len(raw) != numpy_type.itemsize:
        raise ValueError(f"a NumPy scalar of type {dtype.name} whose content has another length")
    return np.frombuffer(raw, numpy_type)[0].item()


def _latin1_bytes(text: Any = "", encoding: Any = "latin1") -> bytes:
    """Bytes as Python 3 writes them at protocol 2: `_codecs.encode(text, "latin1")`, `bytes()` if empty."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError("bytes in an encoding other than Latin-1")
    return text.encode("latin1")


_CONSTRUCTORS: dict[tuple[str, str], Callable[..., Any]] = {("_codecs", "encode"): _latin1_bytes}
for _module in ("builtins", "__builtin__"):
    _CONSTRUCTORS |= {
        (_module, "set"): set,
        (_module, "frozenset"): frozenset,
        (_module, "bytes"): _latin1_bytes,
    }
    _CONSTRUCTORS |= {(_module, "complex"): complex}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    _CONSTRUCTORS[_module, "scalar"] = _scalar
_CONSTRUCTORS["numpy", "dtype"] = _Dtype
