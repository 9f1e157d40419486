"""What a pinned declaration of a released split says."""

from dataclasses import dataclass

from rebench.data.split import Counts

REFER_HOME = "the REFER toolkit, github.com/lichengunc/refer"
AREFCOCO_HOME = "github.com/zhenjiemao/aRefCOCO or huggingface.co/datasets/zhenjiemao/aRefCOCO"
COCO_HOME = "images.cocodataset.org/zips/train2014.zip (13 GB)"

ORIGINALS = {"refcoco": "refs(unc).p", "refcocog": "refs(umd).p"}
"""The data sets that aRefCOCO's ref_ids point into, in the order of the samples of one picture."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where each official count comes from: rows of the published-number ledger, or the release."""

    images: str
    refs: str
    expressions: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """A split as released.

    Attributes:
        folder: of the data set under the data root.
        refs_file: the file in it that says which expressions there are.
        split_values: what the file's own `split` field says for this split.
        home: where to get the folder's files.
    """

    name: str
    folder: str
    refs_file: str
    split_values: tuple[str, ...]
    official: Counts
    sources: Sources
    home: str

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """Every file the split needs under the data root, pictures aside, each with where to get it."""
        own = (f"{self.folder}/{self.refs_file}", self.home)
        if self.folder != "arefcoco":
            return own, (f"{self.folder}/instances.json", self.home)
        originals = [
            (f"{o}/{file}", REFER_HOME) for o, refs in ORIGINALS.items() for file in (refs, "instances.json")
        ]
        return own, *originals
