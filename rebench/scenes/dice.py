"""Random choices that give the same picture on every machine and every version of Python."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Choices drawn from `Random.random` alone: the only stream that Python promises never to change."""

    def __init__(self, seed: int) -> None:
        self._next = Random(seed).random

    def uniform(self, low: float, high: float) -> float:
        """A float in [low, high)."""
        return low + (high - low) * self._next()

    def below(self, n: int) -> int:
        """A whole number in 0 .. n - 1."""
        return min(int(self._next() * n), n - 1)

    def between(self, low: int, high: int) -> int:
        """A whole number in low .. high, both included."""
        return low + self.below(high - low + 1)

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._next() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.below(len(options))]

    def weighted(self, options: Sequence[tuple[T, float]]) -> T:
        """One of the options, in proportion to its weight."""
        left = self._next() * sum(weight for _, weight in options)
        for option, weight in options:
            left -= weight
            if left < 0:
                return option
        return options[-1][0]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The options in random order."""
        rest = list(options)
        return [rest.pop(self.below(len(rest))) for _ in range(len(rest))]
