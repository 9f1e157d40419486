"""CLIP's text tower against a plain computation, and its tokenizer on a small vocabulary of byte pairs."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel, CLIPVisionConfig

from baselines.nn.clip import ClipText, ClipTokenizer

WIDTH, HEADS, LAYERS, VOCABULARY, LENGTH = 16, 4, 2, 40, 9
SMALL = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "intermediate_size": 2 * WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "max_position_embeddings": 12,
}
END = VOCABULARY - 1


def small_tower() -> ClipText:
    """A tower in float64 whose every parameter matters, biases and norms too."""
    torch.manual_seed(0)
    tower = ClipText(**SMALL).double().eval()
    with torch.no_grad():
        for parameter in tower.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return tower


def sentences() -> tuple[Tensor, Tensor]:
    rows = [[5], [7, 8, 9, 3], [1, 2, 3, 4, 5, 6, 7], []]
    ids = torch.full((len(rows), LENGTH), END)
    for i, row in enumerate(rows):
        ids[i, : len(row) + 1] = torch.tensor([END - 1, *row])
    return ids, torch.arange(LENGTH) < torch.tensor([len(row) + 2 for row in rows])[:, None]


def plain_tower(weights: dict[str, np.ndarray], ids: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Section 2 of Radford et al. 2021 in numpy: pre-norm, quick GELU, causal and masked by `real`."""
    w = {name.removeprefix("text_model."): value for name, value in weights.items()}
    batch, length = ids.shape

    def linear(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]

    def heads(x):
        return x.reshape(batch, length, HEADS, -1).transpose(0, 2, 1, 3)

    seen = np.tril(np.ones((length, length), bool)) & real[:, None, None]
    x = w["embeddings.token_embedding.weight"][ids] + w["embeddings.position_embedding.weight"][:length]
    for i in range(LAYERS):
        layer = f"encoder.layers.{i}"
        h = norm(x, f"{layer}.layer_norm1")
        q, k, v = (heads(linear(h, f"{layer}.self_attn.{n}_proj")) for n in "qkv")
        a = np.where(seen, np.exp(q @ k.transpose(0, 1, 3, 2) / np.sqrt(WIDTH / HEADS)), 0)
        h = (a / a.sum(-1, keepdims=True) @ v).transpose(0, 2, 1, 3).reshape(batch, length, WIDTH)
        x = x + linear(h, f"{layer}.self_attn.out_proj")
        h = linear(norm(x, f"{layer}.layer_norm2"), f"{layer}.mlp.fc1")
        x = x + linear(h / (1 + np.exp(-1.702 * h)), f"{layer}.mlp.fc2")
    return norm(x, "final_layer_norm")


def test_tower_equals_plain_computation():
    tower, (ids, real) = small_tower(), sentences()
    words, sentence = tower(ids, real)
    weights = {name: value.numpy() for name, value in tower.state_dict().items()}
    expected = plain_tower(weights, ids.numpy(), real.numpy())
    np.testing.assert_allclose(words.detach().numpy(), expected, rtol=0, atol=1e-11)
    ends = [2, 5, 8, 1]
    np.testing.assert_allclose(sentence.detach().numpy(), expected[range(4), ends], rtol=0, atol=1e-11)


def test_no_token_sees_padding():
    tower, (ids, real) = small_tower(), sentences()
    words, sentence = tower(ids, real)
    longer = torch.cat([ids, torch.full((4, 3), END)], 1), torch.cat([real, torch.zeros(4, 3, dtype=bool)], 1)
    words_longer, sentence_longer = tower(*longer)
    torch.testing.assert_close(words_longer[:, :LENGTH][real], words[real], rtol=0, atol=1e-12)
    torch.testing.assert_close(sentence_longer, sentence, rtol=0, atol=1e-12)


def test_float64_leaves_the_default_dtype_alone():
    small_tower()(*sentences())
    assert torch.get_default_dtype() == torch.float32


def test_large_has_the_size_and_names_of_vit_l_14():
    with torch.device("meta"):
        tower = ClipText.large()
    shapes = {name: tuple(value.shape) for name, value in tower.state_dict().items()}
    assert sum(p.numel() for p in tower.parameters()) == 123_060_480
    assert len(shapes) == 2 + 12 * 16 + 2
    assert shapes["text_model.embeddings.token_embedding.weight"] == (49408, 768)
    assert shapes["text_model.encoder.layers.11.self_attn.k_proj.weight"] == (768, 768)
    assert shapes["text_model.final_layer_norm.bias"] == (768,)


def test_from_pretrained_reads_the_text_half_of_a_whole_clip(tmp_path):
    vision = CLIPVisionConfig(
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        image_size=8,
        patch_size=4,
        projection_dim=4,
    )
    text = CLIPTextConfig(**SMALL, projection_dim=4, bos_token_id=END - 1, eos_token_id=END, pad_token_id=END)
    config = CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=4)
    whole = CLIPModel(config)
    whole.save_pretrained(tmp_path)
    tower = ClipText.from_pretrained(tmp_path)
    assert tower.width == WIDTH
    saved = {name: value for name, value in whole.state_dict().items() if name.startswith("text_model.")}
    assert saved.keys() == tower.state_dict().keys()
    assert all(torch.equal(value, saved[name]) for name, value in tower.state_dict().items())


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory):
    """A folder as CLIP's on the hub: letters, letters that end a word, a few merges, the special tokens."""
    merges = ["d o", "do g</w>", "t h", "th e</w>", "c a", "ca t</w>", "r e", "re d</w>"]
    letters = [chr(c) for c in range(33, 127)]
    pieces = [*letters, *(c + "</w>" for c in letters), *(m.replace(" ", "") for m in merges)]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    folder = tmp_path_factory.mktemp("clip")
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    return folder, {piece: i for i, piece in enumerate(pieces)}


def test_tokens_are_byte_pairs_between_start_and_end_padded_with_ends(vocabulary):
    folder, index = vocabulary
    ids, real = ClipTokenizer(folder, 8)(["the  Red dog!", "cat's", ""])
    start, end = index["<|startoftext|>"], index["<|endoftext|>"]
    pieces = [["the</w>", "red</w>", "dog</w>", "!</w>"], ["cat</w>", "'", "s</w>"], []]
    for i, row in enumerate(pieces):
        expected = [start, *(index[p] for p in row), end]
        assert ids[i].tolist() == expected + [end] * (8 - len(expected))
        assert real[i].tolist() == [True] * len(expected) + [False] * (8 - len(expected))
    assert ids.dtype == torch.int64
    assert real.dtype == torch.bool


def test_cutting_keeps_the_end_token(vocabulary):
    folder, index = vocabulary
    ids, real = ClipTokenizer(folder, 5)(["the red cat dog the", "dog cat red"])
    assert ids[0, -1] == ids[1, -1] == index["<|endoftext|>"]
    assert ids[0, 1:4].tolist() == [index[p] for p in ("the</w>", "red</w>", "cat</w>")]
    assert real.all()


def test_a_tower_that_lacks_tensors_is_refused_and_one_in_half_precision_is_computed_in_single(tmp_path):
    CLIPTextModel(CLIPTextConfig(**SMALL)).half().save_pretrained(tmp_path)
    assert {p.dtype for p in ClipText.from_pretrained(tmp_path).parameters()} == {torch.float32}
    state = load_file(tmp_path / "model.safetensors")
    name = next(name for name in state if name.endswith("final_layer_norm.bias"))
    state.pop(name)
    save_file(state, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match=r"lacks 1 tensors of a CLIPTextModel \(.*final_layer_norm.bias\)"):
        ClipText.from_pretrained(tmp_path)
