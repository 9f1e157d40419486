"""What `rebench models` lists of the tiny variants: alike in all but their size. Needs no torch."""

from rebench.predict.interface import Variant


def tiny_variant(paper: str, parameters: int, trainable: int) -> Variant:
    """The variant "tiny" of a model: trained on scenes, its weights packaged."""
    return Variant(
        name="tiny",
        paper=paper,
        parameters=parameters,
        trainable=trainable,
        image_size=96,
        max_words=24,
        file="weights/tiny-scenes.safetensors",
        licence="Apache-2.0",
        trained_on=("scenes:train",),
    )
