"""Each preset against an independent computation, and each of its rules on a case made by hand."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco

from rebench.data.masks import decode, encode
from rebench.errors import RebenchError
from rebench.metrics import (
    OutputError,
    get_protocol,
    protocol_names,
    score_gres,
    score_samples,
    to_mask,
)
from rebench.metrics.aggregate import METRICS, is_hit, reported, sample_values, totals
from rebench.metrics.masking import needs_logits, of_whole_pictures, sigmoid
from rebench.metrics.protocols import departures
from rebench.metrics.targets import target_of

torch = pytest.importorskip("torch")
interpolate = torch.nn.functional.interpolate

H, W = 90, 131
OVERLAPPING = [[10.0, 10, 80, 10, 80, 60, 10, 60], [50.0, 30, 120, 30, 120, 85, 50, 85]]
BOX = [[8.0, 8, 40, 8, 40, 40, 8, 40]]


def annotation(polygons=OVERLAPPING, height=H, width=W):
    return {"segmentation": polygons, "height": height, "width": width}


def cover(polygons=OVERLAPPING, height=H, width=W):
    """How many polygons cover each pixel."""
    return sum(coco.decode(rle).astype(int) for rle in coco.frPyObjects(polygons, height, width))


def smooth(seed, size=30):
    """Logits of a few blobs."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.normal(size=(1, 1, 5, 5)) * 6)
    return interpolate(coarse, size=(size, size), mode="bicubic", align_corners=False)[0, 0].numpy()


def up(values, size, **options):
    tensor = torch.from_numpy(values.astype(np.float32))[None, None]
    return interpolate(tensor, size=size, **options)[0, 0]


def lavt(logits):
    return (up(logits, (480, 480), mode="bilinear", align_corners=True) > 0).numpy()


def remamber(logits):
    square = up(logits, (480, 480), mode="bilinear", align_corners=True)
    return (interpolate(square[None, None], size=(H, W))[0, 0].sigmoid() > 0.5).numpy()


def rela(logits):
    square = up(logits, (480, 480), mode="bilinear", align_corners=False)
    both = torch.stack([torch.zeros_like(square), square]).sigmoid()
    return both.argmax(0).bool().numpy()


def agree(ours, theirs):
    """Equal but for pixels whose value is within rounding of the threshold: none or one in these sizes."""
    assert ours.shape == theirs.shape
    assert (ours != theirs).sum() <= 1


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("code", [lavt, remamber, rela])
def test_masks_are_those_of_the_same_steps_in_torch(code, seed):
    logits = smooth(seed).astype(np.float32)
    ours = to_mask(logits, H, W, code.__name__)
    assert 0 < ours.mean() < 1
    agree(ours, code(logits))


def test_the_warp_of_cris_brings_a_letterboxed_object_back():
    side, scale = 416, 416 / W
    boxed = np.full((side, side), -9.0, np.float32)
    top = (side - H * scale) / 2
    boxed[round(top + 20 * scale) : round(top + 60 * scale), round(30 * scale) : round(90 * scale)] = 9
    mask = to_mask(boxed, H, W, "cris")
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert (
        np.abs(np.array([rows[0], rows[-1] + 1, columns[0], columns[-1] + 1]) - [20, 60, 30, 90]).max() <= 1
    )
    whole = to_mask(np.full((8, 8), 9.0, np.float32), H, W, of_whole_pictures("cris"))
    assert whole.mean() > 0.95, "over whole pictures the warp undoes a stretch"


def test_cris_resizes_probabilities_and_cuts_at_035():
    flat = {p: np.full((6, 6), np.log(p / (1 - p)), np.float32) for p in (0.34, 0.36)}
    assert to_mask(flat[0.36], 50, 50, "cris")[25, 25]
    assert not to_mask(flat[0.34], 50, 50, "cris")[25, 25]


def test_the_grid_of_the_comparison():
    logits = smooth(1).astype(np.float32)
    sizes = {name: to_mask(logits, H, W, name).shape for name in protocol_names()}
    assert sizes == {
        "original": (H, W), "lavt": (480, 480), "remamber": (H, W), "cris": (H, W), "rela": (480, 480),
    }  # fmt: skip
    scores = score_samples([logits], [annotation()], "lavt", input_size=96)
    assert next(scores.masks).shape == (96, 96)


def test_targets_by_protocol():
    covered = cover()
    targets = {n: decode(target_of(OVERLAPPING, H, W, get_protocol(n))) for n in protocol_names()}
    np.testing.assert_array_equal(targets["original"], covered > 0)
    np.testing.assert_array_equal(targets["cris"], covered > 0)
    np.testing.assert_array_equal(targets["remamber"], covered == 1)
    small = Image.fromarray((covered == 1).astype(np.uint8)).resize((480, 480), Image.Resampling.NEAREST)
    np.testing.assert_array_equal(targets["lavt"], np.asarray(small) == 1)
    scaled = [(np.reshape(p, (-1, 2)) * (480 / W, 480 / H)).ravel().tolist() for p in OVERLAPPING]
    np.testing.assert_array_equal(targets["rela"], cover(scaled, 480, 480) > 0)


def test_rela_drops_polygons_that_are_none():
    whole = target_of(BOX, H, W, get_protocol("rela"))
    assert target_of([*BOX, [1.0, 2, 3, 4], [1.0, 2, 3, 4, 5, 6, 7]], H, W, get_protocol("rela")) == whole
    with pytest.raises(RebenchError, match="no polygon"):
        target_of([[1.0, 2, 3, 4]], H, W, get_protocol("rela"))
    with pytest.raises(RebenchError, match="list of numbers"):
        target_of([["a"] * 6], H, W, get_protocol("rela"))


def test_rela_reduces_a_mask_that_has_no_polygons():
    mask = np.zeros((96, 48), bool)
    mask[10:60, 5:30] = True
    target = decode(target_of(encode(mask), 96, 48, get_protocol("rela")))
    assert target.shape == (480, 480)
    assert target.sum() == 250 * 250


@pytest.mark.parametrize(
    ("name", "value", "foreground"),
    [
        ("original", 6e-8, True),
        ("lavt", 6e-8, True),
        ("remamber", 5.9e-8, False),  # its float32 sigmoid is exactly 0.5
        ("rela", 5.9e-8, False),  # 0.5 against 0.5 is background
        ("remamber", 2.5e-7, True),
        ("rela", 2.5e-7, True),
        *[(name, 0.0, False) for name in ("original", "lavt", "remamber", "rela")],
        ("cris", -0.5, True),  # probability 0.38
    ],
)
def test_what_a_tiny_logit_is(name, value, foreground):
    mask = to_mask(np.full((480, 480), value, np.float32), 480, 480, of_whole_pictures(name))
    assert mask[200, 200] == foreground


def test_where_a_float32_sigmoid_saturates_rela_sees_a_tie():
    both = np.empty((2, 480, 480), np.float32)
    both[0], both[1] = 18, 25
    assert to_mask(both, 480, 480, "lavt").all()
    assert not to_mask(both, 480, 480, "rela").any()
    assert to_mask(both - 10, 480, 480, "rela").all()
    assert sigmoid(np.float32([18, 25, -100, 0])).tolist() == [1, 1, 0, 0.5]


@pytest.mark.parametrize("name", ["original", "lavt", "remamber", "cris", "rela"])
def test_infinite_logits_decide(name):
    ones = np.full((4, 4), np.inf, np.float32)
    protocol = of_whole_pictures(name)
    assert to_mask(ones, 40, 40, protocol)[20, 20]
    assert not to_mask(-ones, 40, 40, protocol).any()


EMPTY = [[5.0, 5, 30, 5, 15, 5]]  # without area
NOTHING = np.full((4, 4), -5.0, np.float32)


@pytest.mark.parametrize(("name", "value"), [("original", 1.0), *[(n, 0.0) for n in protocol_names()[1:]]])
def test_the_union_of_nothing(name, value):
    scores = score_samples([NOTHING], [annotation(EMPTY)], name)
    assert (scores.intersection[0], scores.union[0], scores.iou[0]) == (0, 0, value)


def test_a_perfect_mask_is_below_one_where_an_epsilon_is_added():
    wide = [[0.0, 0, 40, 0, 40, 40, 0, 40]]
    yes = np.full((4, 4), 9.0, np.float32)
    ious = {
        n: score_samples([yes], [annotation(wide, 40, 40)], n).iou[0] for n in ("lavt", "rela", "remamber")
    }
    assert ious["lavt"] == ious["rela"] == 1
    assert ious["remamber"] == 1600 / (1600 + 1e-6) < 1


# IoU exactly at the thresholds, and what each protocol makes of them: (I, U) -> counts as a hit
@pytest.mark.parametrize(
    ("name", "hits"),
    [
        ("original", [True] * 5),
        ("lavt", [True] * 5),
        ("rela", [True] * 5),
        ("cris", [False, False, True, False, True]),  # 0.7 and 0.9 are less in float32 than in float64
    ],
)
def test_exact_hits(name, hits):
    protocol = get_protocol(name)
    shared, union = np.array([5, 6, 7, 8, 9]) * 10**5, np.full(5, 10**6)
    values = sample_values(shared, union, protocol)[:, 3:]
    assert [bool(values[i, i]) for i in range(5)] == hits
    without = replace(protocol, epsilon=0.0)
    ious = sample_values(shared, union, without)[:, 2]
    assert [
        bool(is_hit(ious[i : i + 1], at, without)[0]) for i, at in enumerate((0.5, 0.6, 0.7, 0.8, 0.9))
    ] == hits


def test_each_protocol_reports_its_own_metrics():
    shared, union = np.array([10, 0, 30]), np.array([40, 10, 30])
    all_of_them = {name: totals(shared, union, get_protocol(name)) for name in protocol_names()}
    nulls = {name: [m for m in METRICS if values[m] is None] for name, values in all_of_them.items()}
    assert nulls == {
        "original": [], "lavt": [], "remamber": list(METRICS[2:]), "cris": ["oiou"], "rela": ["pr50", "pr60"],
    }  # fmt: skip
    assert all_of_them["lavt"]["oiou"] == 40 / 80
    mean_of = all_of_them["remamber"]["oiou"]
    assert mean_of == pytest.approx((40 / 3) / (80 / 3 + 1e-6), rel=1e-14)
    assert mean_of < 0.5
    assert all_of_them["cris"]["miou"] == pytest.approx(
        (10 / (40 + 1e-6) + 0 + 30 / (30 + 1e-6)) / 3, rel=1e-14
    )
    assert set(totals(shared[:0], union[:0], get_protocol("lavt")).values()) == {0, None}
    nothing = np.zeros(2, np.int64)
    assert totals(nothing, nothing, get_protocol("original"))["oiou"] is None
    assert reported(get_protocol("cris")) == ["miou", "pr50", "pr60", "pr70", "pr80", "pr90"]


@pytest.mark.parametrize("name", ["lavt", "remamber", "cris", "rela"])
def test_a_finished_mask_is_no_answer_under_another_protocol(name):
    with pytest.raises(OutputError, match=f"protocol {name} needs logits.*input_size"):
        to_mask(np.ones((H, W), bool), H, W, name)
    assert needs_logits(name)
    assert needs_logits("original") == []


def test_a_protocol_is_a_record_that_can_be_changed():
    looser = replace(get_protocol("original"), threshold=0.35, name="looser")
    logits = np.full((4, 4), -0.5)
    assert to_mask(logits, 8, 8, looser).all()
    assert not to_mask(logits, 8, 8).any()
    inclusive = replace(looser, threshold=0.5, strict=False)
    assert to_mask(np.zeros((4, 4)), 8, 8, inclusive).all()
    assert score_samples([logits], [annotation(BOX)], looser).totals["oiou"] > 0


@pytest.mark.parametrize("side", [0, -3, True, "480", 1.5, 10**6])
def test_an_input_size_that_is_none(side):
    with pytest.raises(RebenchError, match="input_size"):
        score_samples([], [], "lavt", input_size=side)


def test_what_departs_from_original_is_named():
    named = departures([get_protocol(name) for name in protocol_names()])
    assert named["threshold"]["cris"] == "0.35"
    assert set(named["grid"]) == {"lavt", "rela"}
    assert departures([get_protocol("original")]) == {}


WITHOUT = """
import sys
for name in ("torch", "cv2"):
    sys.modules[name] = None  # importing it fails
import numpy as np
from rebench.metrics import protocol_names, score_gres, score_samples
box = {"segmentation": [[0.0, 0, 30, 0, 30, 40, 0, 40]], "height": 40, "width": 60}
for name in protocol_names():
    print(score_samples([np.ones((8, 8), np.float32)], [box], name).iou.round(2).tolist())
print(score_gres([np.ones((8, 8), np.float32)], [[box]]).iou.tolist())
"""


def test_no_preset_needs_torch_or_opencv():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["[0.5]"] * 6


@pytest.mark.parametrize(
    "wrong",
    [
        {"height": "tall"},
        {"height": None},
        {"width": float("nan")},
        {"width": float("inf")},
        {"height": 0},
        {"height": 10.7},
    ],
)
@pytest.mark.parametrize("name", protocol_names())
def test_a_picture_that_has_no_size(name, wrong):
    annotation = {"segmentation": [[1, 1, 5, 1, 5, 5]], "height": 10, "width": 12} | wrong
    with pytest.raises(RebenchError, match="sample 0: height and width are pixels"):
        score_samples([np.ones((2, 2))], [annotation], name)
    with pytest.raises(RebenchError, match="sample 0: height and width are pixels"):
        score_gres([np.ones((2, 2))], [[annotation]])


def test_what_is_no_array_and_no_annotation_is_named():
    fine = {"segmentation": [[1, 1, 5, 1, 5, 5]], "height": 10, "width": 12}
    with pytest.raises(RebenchError, match="sample 0: expected an array"):
        score_samples([[[1.0], [1.0, 2.0]]], [fine])
    with pytest.raises(RebenchError, match="sample 0: an annotation is a COCO dict, not NoneType"):
        score_samples([np.ones((2, 2))], [None])
    for targets in (None, fine):
        with pytest.raises(RebenchError, match="list of COCO dicts"):
            score_gres([np.ones((2, 2))], [targets])
    with pytest.raises(RebenchError, match="no_target"):
        score_gres([np.ones((2, 2))] * 2, [[], []], [[1.0, 2.0], [1.0]])
