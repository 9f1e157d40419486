"""VMamba (Liu et al. 2024) over channel-first maps, with the tensor names of its published weights.

The blocks are those of VMamba's models of 2024: no gate, state size 1 unless said otherwise, the four
directions summed. `baselines.nn.vssm` has the same layer over sequences.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, linear, silu

from baselines.nn.checkpoint import adopt, as_tensors, count, shape
from baselines.nn.selective import SelectiveParameters
from baselines.ops import ss2d_scan
from baselines.ops.paths import Order


class LayerNorm2d(nn.LayerNorm):
    """LayerNorm over the channels of every position; (B, C, H, W) to the same."""

    def forward(self, x: Tensor) -> Tensor:
        """Biased variance, eps 1e-5."""
        x = layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class Linear2d(nn.Linear):
    """A matrix (out, in) applied to the channels of every position; (B, in, H, W) to (B, out, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        """A 1 x 1 convolution whose weight is stored as a matrix."""
        return linear(x.permute(0, 2, 3, 1), self.weight, self.bias).permute(0, 3, 1, 2)


class SS2D(SelectiveParameters):
    """The state-space branch: project, mix neighbours, scan in four directions, normalise, project back.

    VMamba tags its forms: "v4noz", which its blocks are made of, is the order "cross" without a gate;
    "v052d" the order "bidirectional" with one.

    Args:
        width: channels that come out; the rank of the steps is a sixteenth of it.
        width_in: channels that go in; without it, `width`.
        states: N, the size of the state per channel.
        ratio: channels of the scan over `width`.
        order: of the scan, see `baselines.ops.paths`.
        gate: whether the input also makes a factor for every channel of the scan's output.
        conv_bias: whether the depthwise convolution has a bias.
    """

    def __init__(
        self,
        width: int,
        width_in: int | None = None,
        states: int = 1,
        ratio: float = 2.0,
        order: Order = "cross",
        gate: bool = False,
        conv_bias: bool = False,
    ) -> None:
        inner = int(ratio * width)
        super().__init__(4, inner, rank=math.ceil(width / 16), states=states)
        self.order: Order = order
        self.gate = gate
        self.out_norm = LayerNorm2d(inner)
        self.in_proj = Linear2d(width_in or width, 2 * inner if gate else inner, bias=False)
        self.conv2d = nn.Conv2d(inner, inner, 3, padding=1, groups=inner, bias=conv_bias)
        self.out_proj = Linear2d(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width_in, H, W) to (B, width, H, W)."""
        x = self.in_proj(x)
        if not self.gate:
            return self.out_proj(self._scan(x))
        x, z = x.chunk(2, 1)
        return self.out_proj(self._scan(x) * silu(z))

    def _scan(self, x: Tensor) -> Tensor:
        return self.out_norm(ss2d_scan(silu(self.conv2d(x)), *self.weights, order=self.order))


class DropPath(nn.Module):
    """Stochastic depth (Huang et al. 2016): in training a branch is left out for a sample with `rate`."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """(B, ...) to the same; what stays is scaled so that the mean does not change."""
        if not self.training or not self.rate:
            return x
        kept = torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device) >= self.rate
        return x * kept / (1 - self.rate)


class Mlp(nn.Module):
    """The MLP branch, per position."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = Linear2d(width, hidden)
        self.act = nn.GELU()
        self.fc2 = Linear2d(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        return self.fc2(self.act(self.fc1(x)))


class VSSBlock(nn.Module):
    """x += SS2D(norm(x)), then x += MLP(norm(x)); (B, C, H, W)."""

    def __init__(self, width: int, states: int, ratio: float, mlp_ratio: float, drop_path: float) -> None:
        super().__init__()
        self.norm = LayerNorm2d(width)
        self.op = SS2D(width, states=states, ratio=ratio)
        self.drop_path = DropPath(drop_path)
        self.norm2 = LayerNorm2d(width)
        self.mlp = Mlp(width, int(width * mlp_ratio))

    def forward(self, x: Tensor) -> Tensor:
        """One block."""
        x = x + self.drop_path(self.op(self.norm(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class Stage(nn.Module):
    """The blocks of one width, and the way to the next."""

    def __init__(self, blocks: Sequence[VSSBlock], downsample: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)
        self.downsample = downsample


@dataclass(frozen=True, slots=True)
class VMambaConfig:
    """The shape of a VMamba; the defaults are VMamba-B (`vssm_base_0229`).

    Attributes:
        widths, depths: channels and blocks of the four stages, at strides 4, 8, 16 and 32.
        states: N of every scan.
        ratio, mlp_ratio: of the two branches of a block.
        drop_path: stochastic depth of the last block; it rises linearly from 0.
    """

    widths: tuple[int, ...] = (128, 256, 512, 1024)
    depths: tuple[int, ...] = (2, 2, 15, 2)
    states: int = 1
    ratio: float = 2.0
    mlp_ratio: float = 4.0
    drop_path: float = 0.0

    @classmethod
    def of(cls, state: Mapping[str, Any], **given: Any) -> Self:
        """The configuration of weights named as `VMamba` names them; what is given wins.

        Raises:
            RebenchError: they are no such weights.
        """
        depths = [count(state, f"layers.{i}.blocks") for i in range(count(state, "layers"))]
        firsts = [f"layers.{i}.blocks.0" for i in range(len(depths))]
        widths = tuple(shape(state, f"{first}.norm.weight")[0] for first in firsts)
        found: dict[str, Any] = {
            "widths": widths,
            "depths": tuple(depths),
            "states": shape(state, f"{firsts[0]}.op.A_logs")[1],
            "ratio": shape(state, f"{firsts[0]}.op.in_proj.weight")[0] / widths[0],
            "mlp_ratio": shape(state, f"{firsts[0]}.mlp.fc1.weight")[0] / widths[0],
        }
        return cls(**(found | given))


class VMamba(nn.Module):
    """The trunk: an image to maps at strides 4, 8, 16 and 32. Sides that do not divide are rounded up."""

    def __init__(self, config: VMambaConfig) -> None:
        super().__init__()
        widths, depths = config.widths, config.depths
        self.patch_embed = _patch_embed(widths[0])
        last_block = max(sum(depths) - 1, 1)
        rates = (config.drop_path * block / last_block for block in range(sum(depths)))
        self.layers = nn.ModuleList()
        for i, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            shape_of_block = (width, config.states, config.ratio, config.mlp_ratio)
            blocks = [VSSBlock(*shape_of_block, next(rates)) for _ in range(depth)]
            last = i + 1 == len(widths)
            self.layers.append(Stage(blocks, nn.Identity() if last else _downsample(width, widths[i + 1])))
        self.apply(_initialise)

    @property
    def stages(self) -> Sequence[Stage]:
        """`layers` by their type, which nn.ModuleList does not say."""
        return cast("Sequence[Stage]", self.layers)

    def forward(self, images: Tensor) -> list[Tensor]:
        """The maps (B, C_i, H_i, W_i) of all stages, finest first, of images (B, 3, H, W)."""
        x = self.patch_embed(images)
        maps = []
        for stage in self.stages:
            maps.append(stage.blocks(x))
            x = stage.downsample(maps[-1])
        return maps

    @staticmethod
    def from_imagenet(state: Mapping[str, Any], **config: Any) -> "VMamba":
        """The trunk of published ImageNet weights, without their classifier.

        Raises:
            RebenchError: they do not fit; the missing and unexpected tensors are listed.
        """
        tensors = {k: v for k, v in as_tensors(state).items() if not k.startswith("classifier.")}
        with torch.device("meta"):
            model = VMamba(VMambaConfig.of(tensors, **config))
        adopt(model, tensors, "these weights")
        return model


class VMambaClassifier(VMamba):
    """VMamba with the head it is trained with on ImageNet."""

    def __init__(self, config: VMambaConfig, classes: int = 1000) -> None:
        super().__init__(config)
        self.classifier = nn.ModuleDict(
            {"norm": LayerNorm2d(config.widths[-1]), "head": nn.Linear(config.widths[-1], classes)}
        )
        self.classifier.apply(_initialise)

    def forward(self, images: Tensor) -> Tensor:  # type: ignore[override]
        """Class logits (B, classes) of images (B, 3, H, W)."""
        return self.classifier["head"](self.classifier["norm"](super().forward(images)[-1]).mean((2, 3)))

    @classmethod
    def from_released(cls, state: Mapping[str, Any], **config: Any) -> "VMambaClassifier":
        """The classifier of published ImageNet weights, in evaluation mode; its shape is read from them.

        Raises:
            RebenchError: they do not fit; the missing and unexpected tensors are listed.
        """
        tensors = as_tensors(state)
        with torch.device("meta"):
            model = cls(VMambaConfig.of(tensors, **config), len(tensors.get("classifier.head.bias", ())))
        adopt(model, tensors, "these weights")
        return model.eval()


def _patch_embed(width: int) -> nn.Sequential:
    # the places without parameters keep the numbers of the published names: 0, 2, 5, 7
    return nn.Sequential(
        nn.Conv2d(3, width // 2, 3, 2, 1),
        nn.Identity(),
        LayerNorm2d(width // 2),
        nn.Identity(),
        nn.GELU(),
        nn.Conv2d(width // 2, width, 3, 2, 1),
        nn.Identity(),
        LayerNorm2d(width),
    )


def _downsample(width: int, wider: int) -> nn.Sequential:
    return nn.Sequential(nn.Identity(), nn.Conv2d(width, wider, 3, 2, 1), nn.Identity(), LayerNorm2d(wider))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
