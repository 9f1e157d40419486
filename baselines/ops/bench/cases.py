"""What is benchmarked: calls of the three scans at the shapes of the models, with random inputs."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import torch
from torch import Tensor

from baselines.ops import scan
from baselines.safire.config import BASE

Function = Literal["ss2d_scan", "sequence_scan", "selective_scan"]

STAGES = {1: (256, 120), 2: (512, 60), 3: (1024, 30), 4: (2048, 15)}
"""Inner width and side of the map at the four stages of ReMamber and VMamba (base) at 480 pixels."""


@dataclass(frozen=True)
class Case:
    """One call.

    Attributes:
        function: of `baselines.ops`.
        width: channels of each direction, d.
        size: of the map, (H, W), or of the sequence, (L,).
        states: N.
        rank: R; of `selective_scan`, which is given its steps, the rank that they were made with.
        directions: K; of `selective_scan` its groups.
        window, words: of SaFiRe's sequence: tokens of a window, and words after each. Without words, no mask.
        stage: which of the models' it is from.
    """

    function: Function
    batch: int
    width: int
    size: tuple[int, ...]
    states: int
    rank: int
    directions: int = 4
    window: int = 0
    words: int = 0
    stage: int | None = None

    @property
    def length(self) -> int:
        """Tokens of a sequence."""
        return math.prod(self.size)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the input: (batch, d, H, W), (batch, L, d), or (batch, K*d, L)."""
        if self.function == "ss2d_scan":
            return self.batch, self.width, *self.size
        if self.function == "sequence_scan":
            return self.batch, self.length, self.width
        return self.batch, self.directions * self.width, self.length


def paper_cases() -> Iterator[Case]:
    """The shapes of the models.

    R is the block's width over 16, rounded up, and the inner width is twice the block's: R = ceil(d / 32).
    """
    for stage, (width, side) in STAGES.items():
        for states in (1, 16):
            for batch in (1, 8):
                rank = math.ceil(width / 32)
                yield Case("ss2d_scan", batch, width, (side, side), states, rank, stage=stage)
    for batch in (1, 8):
        yield safire_case(batch)
    yield Case("selective_scan", 1, 256, (1600,), 1, 8)


def safire_case(batch: int) -> Case:
    """The hybrid sequence of SaFiRe's first fixation: base model, 512 pixels.

    Swin's first map has a token for every 4 x 4 pixels, 128 x 128. In windows of 4 x 4 tokens these are 1,024
    windows, and the sentence of 20 words follows each: 1,024 * (16 + 20) = 36,864 tokens, scanned forwards
    and backwards. The inner width is twice the 128 channels of the map, the rank a sixteenth of those 128,
    and the state has one entry.
    """
    side = BASE.image_size // 4
    windows = math.ceil(side / BASE.window) ** 2
    window = BASE.window**2
    length = windows * (window + BASE.max_words)
    width = int(BASE.ssm_ratio * BASE.widths[0])
    rank = math.ceil(BASE.widths[0] / 16)
    return Case("sequence_scan", batch, width, (length,), 1, rank, 2, window, BASE.max_words, stage=1)


def small_cases() -> Iterator[Case]:
    """Shapes that take no time: to try the benchmark out."""
    for states in (1, 16):
        yield Case("ss2d_scan", 1, 32, (12, 11), states, 2, stage=1)
    yield Case("ss2d_scan", 8, 16, (5, 7), 1, 1, stage=2)
    yield Case("sequence_scan", 1, 16, (4 * (16 + 5),), 1, 1, 2, 16, 5, stage=1)
    yield Case("selective_scan", 1, 16, (130,), 1, 1)


@dataclass(frozen=True)
class Inputs:
    """The arguments of a call.

    Attributes:
        tensors: by parameter; all of them have gradients.
        dy: the gradient that arrives at the output.
        mask: (batch, L) bool, or None.
    """

    tensors: dict[str, Tensor]
    dy: Tensor
    mask: Tensor | None = None

    def double(self, device: torch.device | str) -> "Inputs":
        """The same values in float64."""
        wide = {n: t.detach().to(device, torch.float64).requires_grad_() for n, t in self.tensors.items()}
        return Inputs(wide, self.dy.to(device).double(), None if self.mask is None else self.mask.to(device))

    def copy(self) -> "Inputs":
        """The same values elsewhere in memory."""
        same = {name: t.detach().clone().requires_grad_() for name, t in self.tensors.items()}
        return Inputs(same, self.dy.clone(), None if self.mask is None else self.mask.clone())

    @property
    def bytes(self) -> int:
        """Of all that the forward pass reads."""
        read = [*self.tensors.values(), *([] if self.mask is None else [self.mask])]
        return sum(t.nbytes for t in read)


def draw(case: Case, dtype: torch.dtype, device: str, seed: int) -> Inputs:
    """Random inputs; parameters as in a new VMamba block, in float32, which mixed precision leaves them in.

    The projections are uniform with the variance of a linear layer's, the steps' biases give steps between
    0.001 and 0.1, the rates are -1 to -N. The same case and seed give the same values on every device.
    """
    random = torch.Generator().manual_seed(crc32(f"{case} {seed}".encode()))

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random)

    def uniform(bound: float, *shape: int) -> Tensor:
        return (2 * torch.rand(shape, generator=random) - 1) * bound

    count, width, states, rank = case.directions, case.width, case.states, case.rank
    steps = torch.exp(math.log(1e-3) + math.log(100) * torch.rand(count, width, generator=random))
    bias = steps + torch.log(-torch.expm1(-steps))  # the inverse of softplus
    rates = torch.arange(1.0, states + 1).expand(count * width, states)
    x, dy = normal(*case.shape), normal(*case.shape)
    mask = None
    if case.function == "selective_scan":
        B, C = (uniform(1, case.batch, count, states, case.length) for _ in range(2))
        delta = uniform(0.6, *case.shape)
        values = {"u": x.to(dtype), "delta": delta.to(dtype), "A": -rates, "B": B.to(dtype), "C": C.to(dtype)}
        values |= {"D": torch.ones(count * width), "delta_bias": bias.flatten()}
    else:
        values = {
            "x": x.to(dtype),
            "x_proj_weight": uniform(width**-0.5, count, rank + 2 * states, width),
            "dt_projs_weight": uniform(rank**-0.5, count, width, rank),
            "dt_projs_bias": bias,
            "A_logs": rates.log(),
            "Ds": torch.ones(count * width),
        }
        mask = _word_mask(case, random) if case.words else None
    placed = {name: t.to(device, copy=True).contiguous().requires_grad_() for name, t in values.items()}
    return Inputs(placed, dy.to(device, dtype), None if mask is None else mask.to(device))


def _word_mask(case: Case, random: torch.Generator) -> Tensor:
    """(batch, L): every sentence has its own number of words, and the rest of its places is padding."""
    counts = torch.randint(1, case.words + 1, (case.batch, 1), generator=random)
    return torch.arange(case.length) % (case.window + case.words) < case.window + counts


def call(case: Case, inputs: Inputs, backend: str) -> Tensor:
    """The output."""
    function = getattr(scan, case.function)
    if case.function == "selective_scan":
        y: Tensor = function(**inputs.tensors, delta_softplus=True, backend=backend)
    elif case.function == "sequence_scan":
        y = function(**inputs.tensors, mask=inputs.mask, backend=backend)
    else:
        y = function(**inputs.tensors, backend=backend)
    return y


def call_with_gradients(case: Case, inputs: Inputs, backend: str) -> dict[str, Tensor]:
    """The output, "y", and the gradient of every input by its name."""
    y = call(case, inputs, backend)
    gradients = torch.autograd.grad(y, list(inputs.tensors.values()), inputs.dy)
    return {"y": y.detach()} | dict(zip(inputs.tensors, gradients, strict=True))
