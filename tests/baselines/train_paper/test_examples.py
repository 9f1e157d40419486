"""Which examples make a batch, whoever reads them; and what an example is."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from baselines.nn.images import squashed, squashed_mask
from baselines.train.examples import Examples, Feed
from baselines.train.processes import Processes
from baselines.train.session import reduced
from rebench import load_split
from rebench.data.masks import decode
from rebench.errors import RebenchError


@pytest.fixture(scope="module")
def split(photographs):
    return load_split("refcoco:train", photographs.root)


def examples(split, **options):
    def mask(mask):
        return squashed_mask(mask, 16)[None].float()

    return Examples([split], lambda image: squashed(image, 16), mask, **options)


def epoch_of(found, epoch, seed=0):
    return [found.choose(number, seed, epoch)[1] for number in range(len(found))]


def test_one_sentence_per_referent_or_all(split):
    one, every = examples(split), examples(split, sentences="all")
    assert (len(one), len(every)) == (16, 48)
    drawn = [[s.sample_id for s in epoch_of(one, epoch)] for epoch in range(6)]
    assert all(len({name.rsplit("/", 1)[0] for name in names}) == 16 for names in drawn)
    assert len({name for names in drawn for name in names}) > 32  # others in other epochs
    assert drawn[0] == [s.sample_id for s in epoch_of(one, 0)]
    assert drawn[0] != [s.sample_id for s in epoch_of(one, 0, seed=1)]
    assert sorted(s.sample_id for s in epoch_of(every, 3)) == sorted(s.sample_id for s in split.samples)


def test_an_example_is_its_picture_and_its_mask(split):
    found = examples(split)
    _, sample = found.choose(3, 0, 0)
    image, mask, expression = found.read(3, 0, 0)
    assert expression == sample.expression
    torch.testing.assert_close(image, squashed(split.image(sample.image_id), 16))
    truth = decode(split.target(sample))
    assert abs(mask.mean().item() - truth.mean()) < 0.05
    assert mask.unique().tolist() == [0, 1]


def test_images_that_are_left_out_never_come(split):
    left = {1, 2}
    found = examples(split, without=left)
    assert len(found) == 12
    assert not left & {s.image_id for s in found.manifest.samples}
    assert found.manifest.sha256 != examples(split).manifest.sha256


def test_two_splits_with_equal_ref_ids_stay_apart(split):
    found = Examples([split, split], lambda image: image, lambda mask: mask)
    assert len(found) == 32


@pytest.mark.parametrize("world", [1, 2])
@pytest.mark.parametrize("parts", [1, 2])
def test_a_batch_is_the_same_however_it_is_shared(split, world, parts):
    found = examples(split)
    whole = Feed(found, 4, 1, seed=5)
    feeds = [Feed(found, 4, parts, seed=5, processes=Processes(rank, world)) for rank in range(world)]
    for step in range(9):
        shares = [feed.numbers(step, part) for feed in feeds for part in range(parts)]
        assert {epoch for epoch, _ in shares} == {step // 4}
        assert sorted(n for _, numbers in shares for n in numbers) == sorted(whole.numbers(step, 0)[1])


def test_an_epoch_takes_everything_once_in_an_order_of_its_own(split):
    feed = Feed(examples(split), 4, 1, seed=0)
    epochs = [[n for step in range(4) for n in feed.numbers(4 * epoch + step, 0)[1]] for epoch in range(2)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(16))] * 2
    assert epochs[0] != epochs[1]


def test_threads_and_where_it_begins_do_not_matter(split):
    found = examples(split)
    one, four = Feed(found, 4, 2, seed=1, threads=1), Feed(found, 4, 2, seed=1, threads=4)
    in_order = {(step, part): four.batch(step, part) for step in range(5) for part in range(2)}
    for key in [(3, 1), (0, 0), (0, 1), (4, 0)]:
        alone, other = one.batch(*key), in_order[key]
        assert alone.expressions == other.expressions
        assert torch.equal(alone.images, other.images)
        assert torch.equal(alone.masks, other.masks)
    one.close()
    four.close()


def test_batches_that_cannot_be_made_are_refused(split):
    found = examples(split)
    with pytest.raises(RebenchError, match="16 training examples make no batch of 32"):
        Feed(found, 32, 1, seed=0)
    with pytest.raises(RebenchError, match="cannot be divided among 2 processes x 3 parts"):
        Feed(found, 8, 3, seed=0, processes=Processes(0, 2))


def test_a_picture_that_cannot_be_read_is_named(split, photographs):
    broken = replace(split.pictures[1], file_name="nowhere.jpg")
    other = load_split("refcoco:train", photographs.root)
    other.pictures = {**other.pictures, 1: broken}
    feed = Feed(examples(other), 16, 1, seed=0)
    with pytest.raises(RebenchError, match=r"nowhere\.jpg"):
        feed.batch(0, 0)


def test_masks_are_reduced_to_shares():
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :2, :4] = 1
    small = reduced(mask, torch.zeros(1, 1, 2, 2))
    np.testing.assert_allclose(small[0, 0], [[0.5, 0], [0, 0]])
    assert reduced(mask, torch.zeros(1, 1, 8, 8)) is mask
