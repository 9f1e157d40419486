"""Embeddings of pictures on disk: written whole or not at all, checked when read, safe to share."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load, save
from torch import Tensor, nn

from rebench.errors import RebenchError

_log = logging.getLogger(__name__)
_DIGEST = 32  # bytes of a SHA-256, with which an entry begins


class EmbeddingCache:
    """A folder of tensors, one per picture and key.

    An entry is a SHA-256 and the safetensors bytes that it is of. One that does not match is made again. A
    folder that can no longer be written costs time and never a result.
    """

    def __init__(self, folder: str | Path, key: str) -> None:
        """Entries of one key; see `weights_key`.

        Args:
            folder: is made where it is not there.
            key: names everything beside the picture that decides the tensor.

        Raises:
            RebenchError: the folder cannot be made.
        """
        self.folder, self.key = Path(folder), key
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RebenchError(
                f"no folder for embeddings can be made at {folder}: {error.strerror}"
            ) from error

    def get(self, image: NDArray[np.uint8], compute: Callable[[], Tensor]) -> Tensor:
        """The tensor of a picture uint8 (H, W, 3), on the CPU: what is kept, else `compute()`, then kept."""
        file = self.file(image)
        kept = _read(file)
        if kept is None:
            kept = compute().detach().cpu().contiguous()
            _write(file, kept)
        return kept

    def file(self, image: NDArray[np.uint8]) -> Path:
        """Where the entry of a picture lies."""
        digest = hashlib.sha256(f"{self.key} {image.shape} ".encode())
        digest.update(np.ascontiguousarray(image).data)
        name = digest.hexdigest()
        return self.folder / name[:2] / f"{name}.embedding"


def _read(file: Path) -> Tensor | None:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("the embedding %s cannot be read and is made again: %s", file, error)
        return None
    if hashlib.sha256(content[_DIGEST:]).digest() != content[:_DIGEST]:
        _log.warning("the embedding %s is damaged and is made again", file)
        return None
    return load(content[_DIGEST:])["embedding"]


def _write(file: Path, tensor: Tensor) -> None:
    payload = save({"embedding": tensor})
    unfinished = None
    try:
        file.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
            unfinished = part.name
            part.write(hashlib.sha256(payload).digest() + payload)
        os.replace(unfinished, file)
    except OSError as error:
        _log.warning("the embedding %s is not kept: %s", file, error)
        if unfinished is not None:
            Path(unfinished).unlink(missing_ok=True)


def weights_key(modules: list[nn.Module], *choices: object) -> str:
    """A hash of all tensors of some modules, and of whatever else decides what they compute."""
    digest = hashlib.sha256("\n".join([torch.__version__, *map(repr, choices)]).encode())
    for module in modules:
        for name, tensor in module.state_dict().items():
            array = tensor.detach().cpu().contiguous()
            digest.update(f"\n{name} {array.dtype} {tuple(array.shape)} ".encode())
            digest.update(array.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()
