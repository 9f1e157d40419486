"""Pictures: any file that Pillow reads, as RGB at the annotated size."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from rebench.data.fields import missing_file
from rebench.data.split import Image
from rebench.errors import RebenchError

_ORIENTATION = 0x0112
_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N", "I")


def read_image(path: Path, height: int, width: int) -> Image:
    """The picture as uint8 (H, W, 3) RGB.

    Grey, palette, CMYK and pictures with transparency become RGB (transparency is dropped, as RIS loaders
    do); 16 bits are scaled to 8, not clipped. COCO annotates pixels as they are stored, so an EXIF rotation
    is applied only where the stored size is not the annotated one and the rotated size is.

    Raises:
        RebenchError: naming the file, if it is missing, truncated, no picture, of another size than annotated
            (refused before anything is decoded) or a decompression bomb.
    """
    with _opened(path) as picture:
        rotated = _needs_rotation(picture, path, height, width)
        picture.load()
        rgb = _rgb(ImageOps.exif_transpose(picture) if rotated else picture, path)
    if rgb.shape != (height, width, 3):
        raise RebenchError(f"picture {path} decodes to {rgb.shape[0]} x {rgb.shape[1]} pixels")
    return rgb


def check_header(path: Path, height: int, width: int) -> None:
    """Raises RebenchError as `read_image` does, as far as the file's header shows."""
    with _opened(path) as picture:
        _needs_rotation(picture, path, height, width)


@contextmanager
def _opened(path: Path) -> Iterator[Pillow.Image]:
    try:
        with warnings.catch_warnings():
            # A large picture warns, a bomb raises; the annotated size is the measure here.
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            opened = Pillow.open(path)
        with opened as picture:
            yield picture
    except FileNotFoundError:
        raise missing_file(path) from None
    except UnidentifiedImageError:
        raise RebenchError(f"{path} is not a picture in any known format: fetch the file again") from None
    except Pillow.DecompressionBombError as error:
        raise RebenchError(f"picture {path} is a decompression bomb: {error}") from error
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, OverflowError, MemoryError) as error:
        # What Pillow's decoders raise on broken files, SyntaxError among it.
        raise RebenchError(
            f"picture {path} cannot be decoded ({str(error) or type(error).__name__}): fetch the file again"
        ) from error


def _needs_rotation(picture: Pillow.Image, path: Path, height: int, width: int) -> bool:
    stored = (picture.height, picture.width)
    if stored == (height, width):
        return False
    if stored == (width, height) and picture.getexif().get(_ORIENTATION) in (5, 6, 7, 8):
        return True
    raise RebenchError(
        f"picture {path} has {stored[0]} x {stored[1]} pixels (height x width), "
        f"annotated are {height} x {width}"
    )


def _rgb(picture: Pillow.Image, path: Path) -> Image:
    if picture.mode in _SIXTEEN_BIT:
        grey = np.asarray(picture).astype(np.int64)
        if grey.min() < 0 or grey.max() > 65_535:
            raise RebenchError(f"picture {path} has grey values beyond 16 bits")
        return np.repeat(((grey + 128) // 257).astype(np.uint8)[..., None], 3, axis=2)
    if picture.mode == "F":
        raise RebenchError(f"picture {path} has floating point values of unknown range: convert it to 8 bits")
    return np.array(picture.convert("RGB"))
