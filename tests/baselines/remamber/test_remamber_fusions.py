"""The fusion designs of the paper and its ablations."""

import pytest
import torch
from remamber_small import SHAPE, inputs, small

from baselines.remamber import configure, from_released
from baselines.remamber.conditions import Text
from baselines.remamber.fusions import BLOCKS, Twister
from baselines.remamber.training import mask_loss

DESIGNS = [{"fusion": fusion} for fusion in BLOCKS]
ABLATIONS = [
    *({"scans": scans} for scans in ("spatial-channel", "parallel", "channel", "spatial")),
    {"global_text": False},
    {"local_text": False},
]


@pytest.mark.slow
@pytest.mark.parametrize("decoder", ["conv", "mamba"])
@pytest.mark.parametrize("fields", DESIGNS + ABLATIONS, ids=lambda f: "-".join(map(str, f.values())))
def test_every_design_builds_and_learns(fields, decoder):
    model = small(decoder=decoder, **fields).train()
    batch = inputs(2, 32, 32)
    target = (torch.randn(2, 1, 32, 32, generator=torch.Generator().manual_seed(0)) > 0).float()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(4):
        loss = mask_loss(model(*batch), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


@torch.no_grad()
@pytest.mark.parametrize("fields", DESIGNS + ABLATIONS, ids=lambda f: "-".join(map(str, f.values())))
def test_every_design_hears_the_sentence_and_is_rebuilt_from_its_tensors(fields):
    model = small(**fields)
    image, words, sentence, real = inputs(2, 32, 32)
    image = image[:1].expand(2, -1, -1, -1)
    logits = model(image, words, sentence, real)
    assert (logits[0] - logits[1]).abs().max() > 1e-6
    again = from_released(model.state_dict(), **(SHAPE | fields))
    torch.testing.assert_close(again(image, words, sentence, real), logits)


@torch.no_grad()
@pytest.mark.parametrize("fusion", ["in-context", "attention"])
def test_padding_is_never_read_where_the_words_are(fusion):
    torch.manual_seed(0)
    block = BLOCKS[fusion](16, configure(**SHAPE)).double()
    _, words, sentence, real = inputs(2, dtype=torch.float64)
    x = torch.randn(2, 16, 3, 4, dtype=torch.float64)
    full = block(x, Text(words, sentence, real))
    other = torch.where(real[..., None], words, 9.0)
    torch.testing.assert_close(block(x, Text(other, sentence, real)), full, rtol=0, atol=1e-12)
    length = int(real[0].sum())
    short = block(x[:1], Text(words[:1, :length], sentence[:1], real[:1, :length]))
    torch.testing.assert_close(short, full[:1], rtol=0, atol=1e-12)


@torch.no_grad()
def test_words_stand_before_the_map_in_every_direction():
    """So the first position that any direction visits already depends on the words."""
    torch.manual_seed(0)
    block = BLOCKS["in-context"](16, configure(**SHAPE)).double()
    _, words, sentence, real = inputs(1, dtype=torch.float64)
    x = torch.randn(1, 16, 1, 1, dtype=torch.float64)
    moved = block(x, Text(words + 1, sentence, real)) - block(x, Text(words, sentence, real))
    assert moved.abs().max() > 1e-6


@torch.no_grad()
def test_the_channel_scan_reads_channels_in_order_at_every_position():
    """A change in one channel reaches all channels, and with only that scan all positions (equation 7)."""
    torch.manual_seed(0)
    twister = Twister(4, 3, configure(**SHAPE)).double()
    cube = torch.randn(1, 12, 4, 4, dtype=torch.float64)
    other = cube.clone()
    other[0, 5, 2, 1] += 1
    moved = (twister.mix(other) - twister.mix(cube)).abs().amax((0, 2, 3))
    assert (moved > 0).all()


@torch.no_grad()
def test_orders_of_the_scans_share_their_weights_and_differ():
    torch.manual_seed(0)
    first = Twister(4, 3, configure(**SHAPE)).double()
    second = Twister(4, 3, configure(**(SHAPE | {"scans": "spatial-channel"}))).double()
    second.load_state_dict(first.state_dict())
    cube = torch.randn(1, 12, 5, 7, dtype=torch.float64)
    assert (first(cube) - second(cube)).abs().max() > 1e-3
    torch.testing.assert_close(second(cube), second.mix(second.ss2d(cube)))
