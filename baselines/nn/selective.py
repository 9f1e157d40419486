"""The parameters of a selective scan in several directions, under the names of VMamba."""

import math

import torch
from torch import Tensor, nn


class SelectiveParameters(nn.Module):
    """Projections to step size, input and output map, decay and skip, for K directions of their own.

    Steps start between 0.001 and 0.1, spread evenly over their logarithm; decays at -1, ..., -N (Gu and Dao
    2023, sections 3.6 and E.2).

    Args:
        directions: K.
        width: d, the channels that are scanned.
        rank: R of the step projection; without it, a sixteenth of the width.
        states: N.
    """

    def __init__(self, directions: int, width: int, rank: int | None = None, states: int = 1) -> None:
        super().__init__()
        self.directions = directions
        self.rank = math.ceil(width / 16) if rank is None else rank
        self.x_proj_weight = nn.Parameter(torch.empty(directions, self.rank + 2 * states, width))
        self.dt_projs_weight = nn.Parameter(torch.empty(directions, width, self.rank))
        self.dt_projs_bias = nn.Parameter(torch.empty(directions, width))
        self.A_logs = nn.Parameter(torch.arange(1.0, states + 1).log().repeat(directions * width, 1))
        self.Ds = nn.Parameter(torch.ones(directions * width))
        bound = width**-0.5
        nn.init.uniform_(self.x_proj_weight, -bound, bound)
        nn.init.uniform_(self.dt_projs_weight, -(self.rank**-0.5), self.rank**-0.5)
        step = torch.exp(torch.empty(directions, width).uniform_(math.log(1e-3), math.log(0.1)))
        self.dt_projs_bias.data = step + torch.log(-torch.expm1(-step))  # the inverse of softplus

    @property
    def weights(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """What the scans of `baselines.ops` take after their input, in their order."""
        return self.x_proj_weight, self.dt_projs_weight, self.dt_projs_bias, self.A_logs, self.Ds
