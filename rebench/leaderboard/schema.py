"""What stands in a board's file, as types; `rebench leaderboard schema` prints them as JSON Schema."""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from rebench.leaderboard.text import Line, Link, Name, RelativePath, Sha256, SplitName, Time

SCHEMA_VERSION = 1

Metric = Literal["oiou", "miou", "pr50", "pr60", "pr70", "pr80", "pr90", "biou"]
METRICS: tuple[Metric, ...] = ("oiou", "miou", "pr50", "pr60", "pr70", "pr80", "pr90", "biou")

GroupName = Literal["simple", "object_distracting", "category_implicit", "both", "unknown"]

Source = Literal["measured", "author", "paper"]
"""`measured`: from predictions; `author`: from predictions of a checkpoint that its authors released;
`paper`: printed numbers, from the ledger."""

INTERVAL_DIGITS = 9
"""Ends of intervals are rounded to so many digits when they are made."""


def _signed_once(value: float) -> float:
    if math.copysign(1.0, value) < 0:
        raise PydanticCustomError("number", "minus zero is no number of ours")
    return value


Fraction = Annotated[float, Field(ge=0, le=1), AfterValidator(_signed_once)]
Count = Annotated[int, Field(ge=0, le=10**8)]

MAX_PREDICTIONS = 128 * 2**20
"""Bytes of a predictions file, unpacked."""


MAX_ENTRIES = 2000


class Part(BaseModel):
    """An object of the file: nothing unknown in it, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Estimate(Part):
    """A fraction with its 95 % interval; null where it cannot be said."""

    value: Fraction | None
    low: Fraction | None
    high: Fraction | None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low is None and self.high is None:
            return self
        if None in (self.value, self.low, self.high):
            raise PydanticCustomError("schema", "an interval has two ends and a value")
        value, low, high = self.value or 0.0, self.low or 0.0, self.high or 0.0
        rounding = 10**-INTERVAL_DIGITS
        if low > high:
            raise PydanticCustomError("schema", "the interval ends before it begins")
        if not low - rounding <= value <= high + rounding:
            raise PydanticCustomError("schema", "the interval does not hold the value")
        return self


class Group(Part):
    """The metrics of a group of expressions; n and images are null for printed numbers."""

    n: Count | None
    images: Count | None
    metrics: dict[Metric, Estimate]


class Rates(Part):
    """How often the right instance is meant, where the picture has another of its category."""

    n: Count
    images: Count
    accuracy: Estimate
    wrong_instance: Estimate
    iou_given_right: Estimate
    chance: Estimate


class Identity(Part):
    """Identity metrics, overall and by group."""

    overall: Rates
    groups: dict[GroupName, Rates]


class Scores(Part):
    """Every number of an entry.

    Attributes:
        labels: what puts expressions into groups: "gold", or the tagger with its version; null for printed
            numbers, as is identity.
    """

    labels: Line | None
    overall: Group
    groups: dict[GroupName, Group]
    identity: Identity | None

    @property
    def parts(self) -> list[tuple[str, Group]]:
        """Overall and every group, by name."""
        return [("overall", self.overall), *self.groups.items()]


class Overlap(Part):
    """What training has seen of the test images.

    Attributes:
        images: test images that are in one of the training splits.
        share: of all test images.
        unknown: declared training data for which nobody could look.
    """

    images: Count
    share: Fraction
    unknown: Annotated[tuple[Line, ...], Field(max_length=50)]


class Training(Part):
    """The training data as declared; nothing in both lists means: trained on nothing."""

    splits: Annotated[tuple[SplitName, ...], Field(max_length=50)]
    other: Annotated[tuple[Line, ...], Field(max_length=50)]
    overlap: Overlap


class Model(Part):
    """Which model it is, and whose."""

    name: Name
    variant: Name | None
    authors: Annotated[tuple[Line, ...], Field(max_length=50)]
    licence: Line | None
    paper: Link | None
    code: Link | None
    checkpoint: Link | None
    vision_encoder: Line | None
    text_encoder: Line | None

    @property
    def full_name(self) -> str:
        """ "SaFiRe (tiny)"."""
        return f"{self.name} ({self.variant})" if self.variant else self.name


class Weights(Part):
    """The weights file."""

    name: Line | None
    sha256: Sha256


class Predictions(Part):
    """The predictions file; hash and size are of its text, unpacked. It need not be there."""

    file: RelativePath
    sha256: Sha256
    bytes: Annotated[int, Field(ge=1, le=MAX_PREDICTIONS)]


class Coverage(Part):
    """Expressions of the split, those with a mask, and those of them that could be scored."""

    expressions: Count
    predicted: Count
    scored: Count


class Scorer(Part):
    """What made the scores of the predictions."""

    rebench: Line
    numpy: Line


class Environment(Part):
    """Where it was predicted, from run.json."""

    rebench: Line
    python: Line
    numpy: Line | None
    torch: Line | None
    platform: Line
    device: Line | None
    device_name: Line | None
    scan_backend: Line | None
    commit: Line | None
    dirty: bool | None


class Efficiency(Part):
    """What the model costs; seconds are the mean over the expressions of this run."""

    parameters: Annotated[int, Field(ge=0, le=10**15)] | None
    seconds_per_expression: Annotated[float, Field(ge=0, le=10**9)] | None


class Facts(Part):
    """What an entry says, without its place in the board.

    Imported predictions have no environment, printed numbers only model, scores and ledger.
    """

    source: Source
    model: Model
    training: Training | None
    manifest_sha256: Sha256 | None
    weights: Weights | None
    predictions: Predictions | None
    coverage: Coverage | None
    scores: Scores
    scorer: Scorer | None
    efficiency: Efficiency | None
    environment: Environment | None
    ledger: Annotated[tuple[Name, ...], Field(max_length=50)]
    supersedes: Annotated[int, Field(ge=1)] | None
    reason: Line | None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        evidence = (
            self.predictions,
            self.coverage,
            self.manifest_sha256,
            self.training,
            self.scores.identity,
            self.scorer,
        )
        if self.source == "paper":
            if not self.ledger or any(part is not None for part in evidence):
                raise PydanticCustomError(
                    "schema", "printed numbers have ids of the ledger, and no predictions"
                )
        elif self.ledger or any(part is None for part in evidence):
            raise PydanticCustomError(
                "schema",
                "predictions, coverage, manifest, training and identity are all needed, and no ledger",
            )
        if self.source == "author" and (self.weights is None or self.model.checkpoint is None):
            raise PydanticCustomError("schema", "a released checkpoint has a link and a weights hash")
        if (self.supersedes is None) != (self.reason is None):
            raise PydanticCustomError("schema", "what supersedes another says why, and nothing else does")
        return self


class Entry(Facts):
    """An entry in its place: its number from 1, the hash of the entry before, and its own."""

    number: Annotated[int, Field(ge=1)]
    date: Time
    previous: Sha256
    sha256: Sha256


class Interval(Part):
    """How intervals are made: by resampling images."""

    level: Annotated[float, Field(ge=0.95, le=0.95)]
    resamples: Annotated[int, Field(ge=100, le=20_000)]
    seed: Count


class Eligibility(Part):
    """Which entries a board takes.

    Attributes:
        sources: kinds of entries.
        coverage: the share of the expressions that must have a mask.
        overlap: the greatest share of test images that training may have seen; null for any, which is shown.
    """

    sources: Annotated[tuple[Source, ...], Field(min_length=1, max_length=3)]
    coverage: Fraction
    overlap: Fraction | None


class Board(Part):
    """What is compared, and how.

    Attributes:
        manifest_sha256: of the split; null until the first measured entry settles it.
        metrics: those that every measured entry has.
        primary: the one that entries are ranked by.
    """

    name: Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: Line
    split: SplitName
    manifest_sha256: Sha256 | None
    images: Annotated[int, Field(ge=1, le=10**8)]
    expressions: Annotated[int, Field(ge=1, le=10**8)]
    protocol: Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9-]+$")]
    metrics: Annotated[tuple[Metric, ...], Field(min_length=1, max_length=len(METRICS))]
    primary: Metric
    interval: Interval
    eligible: Eligibility
    link: Link | None

    @model_validator(mode="after")
    def _has_primary(self) -> Self:
        if self.primary not in self.metrics:
            raise PydanticCustomError("schema", "the primary metric is none of the metrics")
        return self


class BoardDocument(Part):
    """A whole file. `head` is the hash of the last entry, or of the board while it has none."""

    schema_version: Literal[1]
    board: Board
    entries: Annotated[tuple[Entry, ...], Field(max_length=MAX_ENTRIES)]
    head: Sha256


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a board's file."""
    address = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return address | BoardDocument.model_json_schema()
