"""One thing in a scene: where it stands and what it looks like."""

from dataclasses import dataclass

from rebench.scenes.lexicon import KINDS


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing in a scene.

    Attributes:
        x, ground: where it touches the ground, in pixels from the top left corner.
        height: its drawn height in pixels.
        colour: its main colour; of a person, the colour of what is worn above.
        bottom: the colour of a person's trousers, shorts or skirt; None for a dress and for things.
        holds: the kind of the thing in a person's hand.
        holder: the index of the person who holds this thing.
    """

    kind: str
    x: float
    ground: float
    height: float
    mirrored: bool
    colour: str
    bottom: str | None = None
    hair: str = "brown"
    hat: str | None = None
    skin: int = 0
    holds: str | None = None
    holder: int | None = None

    @property
    def category(self) -> str:
        """The category in COCO's terms."""
        return KINDS[self.kind].category
