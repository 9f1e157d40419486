"""The tiny variants of the four models, each with the one recipe: what `rebench.trainers` names."""

from types import ModuleType
from typing import Any

from baselines.remamber import tiny as tiny_remamber
from baselines.remamber.config import TINY as REMAMBER
from baselines.risam import tiny as tiny_risam
from baselines.risam.config import TINY as RISAM
from baselines.safire import tiny as tiny_safire
from baselines.safire.config import TINY as SAFIRE
from baselines.tfanet import tiny as tiny_tfanet
from baselines.tfanet.config import TINY as TFANET
from baselines.train.tiny import Tiny


def _of(name: str, image_size: int, module: ModuleType, **differs: Any) -> Tiny:
    return Tiny(name, image_size, module.build, module.trunk, module.maps, module.logits, differs)


TINIES = {
    "safire": _of("safire", SAFIRE.image_size, tiny_safire),
    "remamber": _of("remamber", REMAMBER.image_size, tiny_remamber),
    "tfanet": _of("tfanet", TFANET.image_size, tiny_tfanet),
    # its attention learns phrases at 1e-3 and hardly at 3e-3: docs/tiny.md
    "risam": _of("risam", RISAM.image.size, tiny_risam, grounding_lr=1e-3),
}
safire, remamber, tfanet, risam = (tiny.train for tiny in TINIES.values())
