"""Thumbnails, and masks as outlines over them."""

import io

import numpy as np
from PIL import Image as Pillow

from rebench.data.masks import decode
from rebench.data.split import Image, Rle

THUMBNAIL = 360
"""Pixels of the longer side."""
QUALITY = 78
TOLERANCE = 0.4
"""Pixels by which a simplified outline may miss the true one."""


def thumbnail(image: Image) -> tuple[bytes, int, int]:
    """A small JPEG of the picture, its width and height in pixels."""
    picture = Pillow.fromarray(image)
    picture.thumbnail((THUMBNAIL, THUMBNAIL), Pillow.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue(), picture.width, picture.height


def outline(mask: Rle, width: int, height: int) -> str:
    """The edges of a mask as SVG path data (even-odd), scaled to a picture of `width` by `height` pixels."""
    from contourpy import contour_generator

    shown = Pillow.fromarray(decode(mask)).resize((width, height), Pillow.Resampling.NEAREST)
    padded = np.pad(np.asarray(shown, dtype=np.float64), 1)
    lines = contour_generator(z=padded).lines(0.5)
    return "".join(_path(np.asarray(line) - 0.5) for line in lines)  # a pixel's centre is at its half


def _path(points: np.ndarray) -> str:
    """A closed line; less than three corners are nothing."""
    from matplotlib.path import Path

    line = Path(points)
    line.should_simplify, line.simplify_threshold = True, TOLERANCE
    kept = line.cleaned(simplify=True)
    corners = np.asarray(kept.vertices)[kept.codes != Path.STOP]
    if len(corners) < 4:
        corners = points
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in corners) + "Z"
