"""RISAM: frozen SAM and CLIP, and between them what is trained (Zhang et al. 2024)."""

import hashlib
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from baselines.nn.clip import ClipText
from baselines.risam.attention import sine_positions
from baselines.risam.config import RISAMConfig, TextEncoderConfig
from baselines.risam.decoder import MaskDecoder
from baselines.risam.encoders import image_encoder
from baselines.risam.enhancement import ENHANCEMENTS
from baselines.risam.fusion import FUSIONS


class RISAM(nn.Module):
    """Image and expression to mask logits. What depends on the image alone is computed once.

    The encoders are frozen: they take no gradient and stay in evaluation mode (the text encoder unless
    `train_text`).
    """

    def __init__(
        self, config: RISAMConfig, image: nn.Module | None = None, text: nn.Module | None = None
    ) -> None:
        """A model with the given encoders; those that are not given are untrained."""
        super().__init__()
        self.config = config
        self.image_encoder = image or image_encoder(config.image)
        self.text_encoder = text or untrained_text(config.text)
        self.enhancement = ENHANCEMENTS[config.enhancement](config.image.widths, config)
        widths = [config.text.width, *[config.width] * config.fusion_blocks]
        self.fusion = nn.ModuleList(FUSIONS[config.fusion](width, config) for width in widths[:-1])
        if not config.linguistic_guidance and config.fusion in ("mutual", "sdf", "bcm"):
            self.fusion[-1].linguistic_norm = nn.Identity()  # nothing reads the last block's words
        self.decoder = MaskDecoder(config)
        for encoder in self._frozen():
            encoder.requires_grad_(False)
        self.train()

    def _frozen(self) -> list[nn.Module]:
        return [self.image_encoder] if self.config.train_text else [self.image_encoder, self.text_encoder]

    def train(self, mode: bool = True) -> "RISAM":
        """Training mode for what is trained; the frozen encoders stay in evaluation mode."""
        super().train(mode)
        for encoder in self._frozen():
            encoder.eval()
        return self

    def features(self, images: Tensor) -> list[Tensor]:
        """Three maps (B, C_i, H, W) of images (B, 3, S, S), by the frozen encoder alone."""
        with torch.no_grad():
            return self.image_encoder(images)

    def encode(self, images: Tensor) -> Tensor:
        """Enhanced visual features (B, C, H, W), all that is kept of images (B, 3, S, S)."""
        return self.enhancement(self.features(images))

    def words(self, ids: Tensor, real: Tensor) -> Tensor:
        """Linguistic features F_l (B, L, C'); those of padding are zero."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.config.train_text):
            words, _ = self.text_encoder(ids, real)
        if self.config.text_position == "fusion":
            words = words + sine_positions(words.shape[1], words.shape[2], words)
        return words * real[..., None]

    def decode(self, visual: Tensor, ids: Tensor, real: Tensor) -> Tensor:
        """Logits (B, 1, 4 H, 4 W) of expressions.

        Args:
            visual: (B, C, H, W), from `encode`; the same map as often as there are expressions about it.
            ids: (B, L) int64.
            real: (B, L) bool; what is not real changes nothing.
        """
        return self.masks(visual, self.words(ids, real), real)

    def masks(self, visual: Tensor, words: Tensor, real: Tensor) -> Tensor:
        """As `decode`, of words (B, L, C')."""
        grid = (visual.shape[-2], visual.shape[-1])
        tokens = visual.flatten(2).transpose(1, 2)
        for block in self.fusion:
            tokens, words = block(tokens, words, real, grid)
        return self.decoder(tokens, words, real, grid)

    def forward(self, images: Tensor, ids: Tensor, real: Tensor) -> Tensor:
        """Logits (B, 1, 4 H, 4 W), one expression per image."""
        return self.decode(self.encode(images), ids, real)

    def trained_state(self) -> dict[str, Tensor]:
        """The tensors that training changes, running statistics among them: what a weights file holds."""
        frozen = self.frozen_state()
        return {name: tensor for name, tensor in self.state_dict().items() if name not in frozen}

    def frozen_state(self) -> dict[str, Tensor]:
        """The tensors of the frozen encoders."""
        prefixes = ("image_encoder.",) if self.config.train_text else ("image_encoder.", "text_encoder.")
        return {name: tensor for name, tensor in self.state_dict().items() if name.startswith(prefixes)}

    def frozen_sha256(self) -> str:
        """A hash of the frozen encoders' tensors, whatever transformers calls them and in which order.

        What is trained fits these encoders alone, and a file of it does not hold them.
        """
        digests = []
        for tensor in self.frozen_state().values():
            array = tensor.detach().cpu().contiguous().numpy()
            digest = hashlib.sha256(f"{array.dtype} {array.shape} ".encode())
            digest.update(array.data)
            digests.append(digest.digest())
        return hashlib.sha256(b"".join(sorted(digests))).hexdigest()


def untrained_text(config: TextEncoderConfig) -> ClipText:
    """A text tower of these sizes."""
    return ClipText(
        hidden_size=config.width,
        intermediate_size=4 * config.width,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        vocab_size=config.vocabulary,
        max_position_embeddings=config.positions,
    )


def parameter_counts(model: nn.Module) -> dict[str, int]:
    """Parameters by part, "total" and "trainable"."""
    counts = {name: _count(part.parameters()) for name, part in model.named_children()}
    trainable = [p for p in model.parameters() if p.requires_grad]
    return counts | {"total": _count(model.parameters()), "trainable": _count(trainable)}


def _count(parameters: Iterable[Tensor]) -> int:
    return sum(p.numel() for p in parameters)
