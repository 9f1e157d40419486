"""Files that are written whole or not at all, and what a disk that refuses means."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from rebench.errors import RebenchError


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """A place beside `file` to write to, which takes the place of `file` once all is written.

    Of what is broken off nothing stays.

    Raises:
        RebenchError: it cannot be written.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        yield part
        os.replace(part, file)
    except (OSError, RuntimeError, SafetensorError) as error:  # PyTorch says RuntimeError of a full disk
        reason = getattr(error, "strerror", None) or f"{str(error).partition(chr(10))[0]}; is the disk full?"
        raise RebenchError(f"{file} cannot be written: {reason}") from error
    finally:
        part.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """A folder to write into. Raises RebenchError if it cannot be made or nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RebenchError(f"cannot write into {folder} ({error.strerror}): give another --out") from error


def write_tensors(state: Mapping[str, Tensor], file: Path, said: Mapping[str, str]) -> None:
    """Tensors by name as safetensors, with what the file says of itself. Raises RebenchError as `whole`."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    with whole(file) as part:
        save_file(tensors, part, dict(said))
