"""Mask decoders: Mutual-Aware (section 3.4), and SAM's two-way decoder for comparison (Table 2, #3)."""

import torch
from torch import Tensor, nn

from baselines.risam.attention import MLP, MultiHeadAttention, sine_positions
from baselines.risam.config import RISAMConfig


class MutualBlock(nn.Module):
    """The image to itself, query token and words to themselves, then the image to those (eqs. 6-9)."""

    def __init__(self, config: RISAMConfig) -> None:
        super().__init__()
        shape = config.width, config.decoder_heads, config.attention_output
        self.visual = MultiHeadAttention(*shape)
        self.tokens = MultiHeadAttention(*shape)
        self.token_to_image = MultiHeadAttention(*shape) if config.token_to_image else None
        self.cross = MultiHeadAttention(*shape)
        norms = 3 + config.token_to_image if config.decoder_norm else 0
        self.norms = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(norms))

    def forward(self, visual: Tensor, tokens: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """Image (B, H*W, C), query token and words (B, 1 + L, C), of which `real` (B, 1 + L) count."""
        visual = self._norm(0, self.visual(visual, visual, visual) + visual)  # eq. 6
        tokens = self._norm(1, self.tokens(tokens, tokens, tokens, real) + tokens)  # eq. 8
        if self.token_to_image is not None:
            tokens = self._norm(3, self.token_to_image(tokens, visual, visual) + tokens)
        visual = self._norm(2, self.cross(visual, tokens, tokens, real) + visual)  # eq. 9
        return visual, tokens

    def _norm(self, i: int, x: Tensor) -> Tensor:
        return self.norms[i](x) if len(self.norms) else x


class TwoWayBlock(nn.Module):
    """A block of SAM's decoder (Kirillov et al. 2023, appendix A), with residuals and norms after each step.

    Tokens among themselves, tokens to image, MLP on the tokens, image to tokens. Positions of the tokens are
    the tokens as they entered, as in SAM; the image has none of its own beyond what its encoder gave it.
    """

    def __init__(self, config: RISAMConfig) -> None:
        super().__init__()
        shape = config.width, config.decoder_heads
        self.tokens, self.token_to_image = MultiHeadAttention(*shape), MultiHeadAttention(*shape)
        self.image_to_token = MultiHeadAttention(*shape)
        self.mlp = MLP(config.width, config.width, 8 * config.width)
        self.norms = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(4))

    def forward(self, visual: Tensor, tokens: Tensor, entered: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """As `MutualBlock.forward`; `entered` are the tokens before the first block."""
        q = tokens + entered
        tokens = self.norms[0](tokens + self.tokens(q, q, tokens, real))
        tokens = self.norms[1](tokens + self.token_to_image(tokens + entered, visual, visual))
        tokens = self.norms[2](tokens + self.mlp(tokens))
        visual = self.norms[3](visual + self.image_to_token(visual, tokens + entered, tokens, real))
        return visual, tokens


class MaskDecoder(nn.Module):
    """Image and words, already aware of each other, to mask logits at four times the size of the features.

    A learned query token joins the words; after the blocks, the product of its MLP and the upsampled image is
    the mask.
    """

    def __init__(self, config: RISAMConfig) -> None:
        super().__init__()
        width = config.width
        self.guided, self.positions = config.linguistic_guidance, config.text_position == "decoder"
        self.query = nn.Parameter(torch.randn(1, width))
        block = MutualBlock if config.decoder == "mutual" else TwoWayBlock
        self.blocks = nn.ModuleList(block(config) for _ in range(config.decoder_blocks))
        self.two_way = config.decoder == "sam"
        if self.two_way:
            self.final = MultiHeadAttention(width, config.decoder_heads)
            self.final_norm = nn.LayerNorm(width)
        middle, outer = width // 4, width // 8  # as SAM's
        self.upsample = nn.Sequential(
            nn.ConvTranspose2d(width, middle, 2, stride=2),
            nn.BatchNorm2d(middle),
            nn.ConvTranspose2d(middle, outer, 2, stride=2),
            nn.BatchNorm2d(outer),
        )
        self.mlp = MLP(width, outer, width)

    def forward(self, visual: Tensor, words: Tensor, real: Tensor, grid: tuple[int, int]) -> Tensor:
        """Logits (B, 1, 4 H, 4 W) of visual (B, H*W, C) and words (B, L, C), of which `real` (B, L) count."""
        tokens, real = self._tokens(words, real)
        entered = tokens
        for block in self.blocks:
            if self.two_way:
                visual, tokens = block(visual, tokens, entered, real)
            else:
                visual, tokens = block(visual, tokens, real)
        query = tokens[:, :1]
        if self.two_way:
            query = self.final_norm(query + self.final(query + entered[:, :1], visual, visual))
        fine = self.upsample(visual.transpose(1, 2).unflatten(2, grid))
        return torch.einsum("bc,bchw->bhw", self.mlp(query[:, 0]), fine)[:, None]

    def _tokens(self, words: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """F_c: the query token, and the words where they guide; and which of these count."""
        query = self.query.expand(len(words), 1, -1)
        present = torch.ones_like(real[:, :1])
        if not self.guided:
            return query, present
        if self.positions:
            words = words + sine_positions(words.shape[1], words.shape[2], words)
        return torch.cat([query, words], 1), torch.cat([present, real], 1)
