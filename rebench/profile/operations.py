"""Operations of a call, as PyTorch counts them; those from outside ATen stand apart, each by its name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Operations:
    """Floating-point operations; two are one multiply-add.

    Attributes:
        aten: of matrix products, convolutions and attention. Resizes, norms and activations count as nothing.
        others: of operators from outside ATen that have a formula, by name ("rebench.directional_scan").
        uncounted: names of those that have none.
    """

    aten: int = 0
    others: dict[str, int] = field(default_factory=dict)
    uncounted: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """All that are counted."""
        return self.aten + sum(self.others.values())

    def as_dict(self) -> dict[str, Any]:
        """For JSON, in FLOPs and in multiply-adds."""
        return {
            "flops": self.total,
            "multiply_adds": self.total / 2,
            "aten_flops": self.aten,
            "other_flops": dict(self.others),
            "uncounted": list(self.uncounted),
        }


def count(call: Callable[[], Any]) -> tuple[Any, Operations]:
    """What a call gives, and its operations; what is fused is counted as what it does."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import FlopCounterMode

    strangers = set()

    class Strangers(TorchDispatchMode):
        """Notes the operators that are not of ATen."""

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if getattr(func, "namespace", "aten") not in ("aten", "prim"):
                strangers.add(str(func.overloadpacket))
            return func(*args, **kwargs or {})

    # The kernel of the CPU has no formula in PyTorch, and would count as nothing.
    fused = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention}
    counter = FlopCounterMode(display=False, custom_mapping=fused)
    with _without_fused_encoder_layers(), counter, Strangers():
        made = call()
    counted = {str(op): int(n) for op, n in counter.get_flop_counts().get("Global", {}).items()}
    others = {name: n for name, n in counted.items() if name in strangers}
    aten = sum(counted.values()) - sum(others.values())
    return made, Operations(aten, others, tuple(sorted(strangers - counted.keys())))


def _attention(query: Any, key: Any, value: Any, *rest: Any, **options: Any) -> int:
    """Of queries (B, H, S, D), keys (B, H, T, D) and values (B, H, T, E): two products."""
    batch, heads, length, width = query
    return int(2 * batch * heads * length * key[2] * (width + value[3]))


def _without_fused_encoder_layers() -> Any:
    """`torch.nn.TransformerEncoderLayer` is one operator without a formula where nothing is trained."""
    from contextlib import contextmanager

    from torch.backends import mha

    @contextmanager
    def slow_path() -> Any:
        before = mha.get_fastpath_enabled()
        mha.set_fastpath_enabled(False)
        try:
            yield
        finally:
            mha.set_fastpath_enabled(before)

    return slow_path()
