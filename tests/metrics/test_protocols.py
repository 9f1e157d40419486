import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebench.errors import RebenchError
from rebench.metrics import OutputError, get_protocol, to_mask
from rebench.metrics.resize import bilinear

SIDES = st.integers(1, 40)


@settings(max_examples=60, deadline=None)
@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 2**32 - 1))
def test_resize_equals_torch(h, w, height, width, seed):
    torch = pytest.importorskip("torch")
    logits = np.random.default_rng(seed).normal(size=(h, w)) * 10
    ours = bilinear(logits, height, width, align_corners=False)
    for dtype, tolerance in ((torch.float64, 1e-11), (torch.float32, 2e-4)):
        theirs = torch.nn.functional.interpolate(
            torch.from_numpy(logits)[None, None].to(dtype),
            size=(height, width),
            mode="bilinear",
            align_corners=False,
        )[0, 0]
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=tolerance)


def test_resize_of_one_row_by_hand():
    np.testing.assert_array_equal(bilinear(np.array([[0.0, 4.0]]), 1, 4, align_corners=False), [[0, 1, 3, 4]])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_probability_above_one_half_is_foreground_and_exactly_one_half_is_not(dtype):
    logits = np.array([[-1, 0, 1e-7]], dtype=dtype)
    assert to_mask(logits, 1, 3).tolist() == [[False, False, True]]


def test_two_channels_are_background_and_foreground():
    channels = np.array([[[0.0, 5.0, 18.0]], [[1.0, 4.0, 25.0]]], dtype=np.float32)
    assert to_mask(channels, 1, 3).tolist() == [[True, False, True]]


def test_infinite_logits_decide_and_do_not_become_nan():
    logits = np.array([[np.inf, -np.inf]], dtype=np.float32)
    assert to_mask(logits, 1, 2).tolist() == [[True, False]]
    assert to_mask(logits, 1, 4).tolist() == [[True, True, False, False]]
    assert to_mask(np.full((2, 1, 1), np.inf), 2, 2).any() == np.False_
    assert to_mask(np.array([[1.7e308, -1.7e308]]), 1, 2).tolist() == [[True, False]]


def test_a_bool_mask_of_the_right_shape_passes_through():
    mask = np.eye(4, 5, dtype=bool)
    assert to_mask(mask, 4, 5) is mask


def test_logits_of_the_pictures_size_are_not_resized():
    logits = np.random.default_rng(0).normal(size=(7, 9))
    np.testing.assert_array_equal(to_mask(logits, 7, 9), logits > 0)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (None, "got NoneType"),
        ([[1.0]], "got list"),
        (np.zeros((4, 5), int), "got dtype int64"),
        (np.zeros((4, 5), np.uint8), "got dtype uint8"),
        (np.zeros((4, 5), complex), "got dtype complex128"),
        (np.array([[None]]), "got dtype object"),
        (np.zeros((5, 4), bool), r"shape \(4, 5\), got \(5, 4\)"),
        (np.zeros((1, 4, 5), bool), r"got \(1, 4, 5\)"),
        (np.zeros(4), r"got \(4,\)"),
        (np.zeros((1, 4, 5)), r"got \(1, 4, 5\)"),
        (np.zeros((1, 2, 4, 5)), r"got \(1, 2, 4, 5\)"),
        (np.zeros((0, 5)), "empty"),
        (np.array([[0.0, np.nan]]), "NaN"),
    ],
)
def test_what_is_no_mask_is_refused_in_one_sentence(output, message):
    with pytest.raises(OutputError, match=message) as caught:
        to_mask(output, 4, 5)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["LAVT", "Original", ""])
def test_unknown_protocol(name):
    with pytest.raises(RebenchError, match=f"unknown protocol '{name}', known: original"):
        get_protocol(name)


def test_the_original_protocol_says_its_choices():
    original = get_protocol("original")
    assert (original.grid, original.threshold, original.strict, original.epsilon) == (
        "original",
        0.5,
        True,
        0.0,
    )
    assert original.hits == (0.5, 0.6, 0.7, 0.8, 0.9)
    assert original.overlap == "union"
