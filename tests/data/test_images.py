import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from rebench.data.images import check_header, read_image
from rebench.errors import RebenchError

H, W = 30, 50


@pytest.fixture
def pixels():
    rows, columns = np.mgrid[0:H, 0:W]
    return np.stack([rows * 8, columns * 5, (rows + columns) * 3], axis=-1).astype(np.uint8)


def save(path, image, **options):
    image.save(path, **options)
    return path


def test_rgb_is_read_as_it_is(tmp_path, pixels):
    read = read_image(save(tmp_path / "a.png", Image.fromarray(pixels)), H, W)
    assert read.dtype == np.uint8
    assert (read == pixels).all()
    read[0, 0] = 0  # the caller owns it


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1"])
def test_other_modes_become_rgb(tmp_path, pixels, mode):
    image = Image.fromarray(pixels).convert(mode)
    expected = np.asarray(image.convert("RGB"))
    assert (read_image(save(tmp_path / "a.png", image), H, W) == expected).all()


def test_cmyk_has_the_colours_of_the_picture(tmp_path, pixels):
    path = save(tmp_path / "a.jpg", Image.fromarray(pixels).convert("CMYK"), quality=100)
    read = read_image(path, H, W)
    assert np.abs(read.astype(int) - pixels).mean() < 8


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bits_are_scaled_and_not_clipped(tmp_path, suffix):
    grey = np.linspace(0, 65_535, H * W).reshape(H, W).astype(np.uint16)
    path = save(tmp_path / f"a.{suffix}", Image.fromarray(grey))
    read = read_image(path, H, W)
    assert read.shape == (H, W, 3)
    assert (read[0, 0] == 0).all()
    assert (read[-1, -1] == 255).all()
    assert np.abs(read[..., 1] - grey / 257).max() <= 0.5


def test_floating_point_pictures_are_refused(tmp_path):
    path = save(tmp_path / "a.tif", Image.fromarray(np.zeros((H, W), np.float32)))
    with pytest.raises(RebenchError, match="floating point"):
        read_image(path, H, W)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_exif_rotation_is_ignored_where_the_stored_size_is_the_annotated_one(tmp_path, pixels, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / "a.png", Image.fromarray(pixels), exif=exif)
    assert (read_image(path, H, W) == pixels).all()


def test_exif_rotation_is_applied_where_only_the_rotated_size_fits(tmp_path, pixels):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = save(tmp_path / "a.png", Image.fromarray(pixels), exif=exif)
    check_header(path, W, H)
    assert (read_image(path, W, H) == np.rot90(pixels, -1)).all()


@pytest.mark.parametrize("size", [(W, H), (H + 1, W), (1, 1)])
def test_another_size_than_annotated_is_refused(tmp_path, pixels, size):
    path = save(tmp_path / "a.jpg", Image.fromarray(pixels))
    for read in (read_image, check_header):
        with pytest.raises(RebenchError, match=r"a\.jpg has 30 x 50 pixels .*annotated are"):
            read(path, *size)


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "bmp"])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.6, 0.9])
def test_a_truncated_picture_is_refused(tmp_path, pixels, suffix, share):
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (H, W, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, {"jpg": "jpeg"}.get(suffix, suffix))
    path = tmp_path / f"cut.{suffix}"
    path.write_bytes(buffer.getvalue()[: int(len(buffer.getvalue()) * share)])
    with pytest.raises(RebenchError, match=r"cut\."):
        read_image(path, H, W)


def test_what_is_no_picture_is_refused(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_text("<html>404</html>")
    with pytest.raises(RebenchError, match=r"a\.jpg is not a picture"):
        read_image(path, H, W)
    with pytest.raises(RebenchError, match="rebench data check"):
        read_image(tmp_path / "missing.jpg", H, W)
    with pytest.raises(RebenchError, match="cannot be decoded"):
        read_image(tmp_path, H, W)


def test_a_decompression_bomb_is_refused_unopened(tmp_path):
    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    chunks = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")):
        chunks += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    path = tmp_path / "bomb.png"
    path.write_bytes(chunks)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for size in ((40_000, 40_000), (H, W)):
            with pytest.raises(RebenchError, match=r"bomb\.png is a decompression bomb"):
                read_image(path, *size)
