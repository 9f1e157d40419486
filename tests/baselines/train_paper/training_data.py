"""A data set in the released layout whose pictures show coloured boxes, and tiny encoders to begin with."""

import json
import pickle

import numpy as np
import torch
from PIL import Image

COLOURS = {"red": (220, 40, 40), "blue": (40, 60, 220), "green": (40, 190, 60)}
PARTS = {"train": 8, "val": 3, "testA": 2}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
CLIP_PIECES = [*LETTERS, *(f"{c}</w>" for c in LETTERS), "<|startoftext|>", "<|endoftext|>"]
BERT_WORDS = ["red", "blue", "green", "box", "the", "left", "one"]
BERT_PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *BERT_WORDS]


class Photographs:
    """RefCOCO with 13 small pictures of two boxes each; the first val picture is in aRefCOCO's train too."""

    def __init__(self, root):
        self.root = root
        rng = np.random.default_rng(0)
        images, annotations, refs = [], [], []
        (root / "train2014").mkdir(parents=True)
        image_id = 0
        for part, count in PARTS.items():
            for _ in range(count):
                image_id += 1
                height, width = (40, 56) if image_id % 2 else (48, 36)
                name = f"COCO_train2014_{image_id:012d}.jpg"
                pixels = rng.integers(90, 130, (height, width, 3), dtype=np.uint8)
                for k, colour in enumerate(rng.permutation(list(COLOURS))[:2]):
                    left, top = 2 + k * width // 2, 4 + int(rng.integers(6))
                    right, bottom = left + width // 3, top + height // 2
                    pixels[top:bottom, left:right] = COLOURS[colour]
                    ann_id = 10 * image_id + k
                    outline = [left, top, right, top, right, bottom, left, bottom]
                    annotations.append(
                        {"id": ann_id, "image_id": image_id, "category_id": 1, "iscrowd": 0, "area": 1.0}
                        | {"segmentation": [[float(v) for v in outline]]}
                    )
                    texts = (f"{colour} box", f"the {colour} one", f"the {colour} box")
                    sentences = [
                        {"sent_id": 100 * ann_id + i, "sent": text, "raw": text, "tokens": text.split()}
                        for i, text in enumerate(texts)
                    ]
                    refs.append(
                        {"ref_id": ann_id, "ann_id": ann_id, "image_id": image_id, "split": part}
                        | {"category_id": 1, "file_name": name, "sentences": sentences}
                        | {"sent_ids": [s["sent_id"] for s in sentences]}
                    )
                Image.fromarray(pixels).save(root / "train2014" / name, quality=95)
                images.append({"id": image_id, "file_name": name, "height": height, "width": width})
        document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "box"}]}
        for folder in ("refcoco", "arefcoco"):
            (root / folder).mkdir()
        (root / "refcoco" / "instances.json").write_text(json.dumps(document))
        (root / "refcoco" / "refs(unc).p").write_bytes(pickle.dumps(refs, 2))
        entities = [
            {"entity_id": i, "ref_id": ref["ref_id"], "original_dataset": "refcoco", "split": split}
            | {"descriptions": ["it is the left box"], "category_name": "box"}
            for i, (ref, split) in enumerate([(refs[0], "test"), (refs[2], "train"), (refs[16], "train")])
        ]
        (root / "arefcoco" / "arefcoco.json").write_text(json.dumps({"annotations": entities}))


def tiny_swin(folder, size=64):
    """A Swin as a folder that from_pretrained reads."""
    from transformers import SwinBackbone, SwinConfig

    torch.manual_seed(5)
    config = SwinConfig(
        image_size=size,
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=4,
        mlp_ratio=2.0,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    model = SwinBackbone(config)
    model.save_pretrained(folder)
    return model


def tiny_bert(folder, width=16):
    """A BERT with a vocabulary, as a folder that from_pretrained reads."""
    from transformers import BertConfig, BertModel
    from transformers import BertTokenizerFast as Tokenizer

    torch.manual_seed(6)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(BERT_PIECES) + "\n")
    Tokenizer(vocab={piece: i for i, piece in enumerate(BERT_PIECES)}).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(BERT_PIECES),
        hidden_size=width,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=4 * width,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.save_pretrained(folder)
    return model


def tiny_clip(folder, width=12):
    """CLIP's text tower with a tokenizer of letters, as a folder that from_pretrained reads."""
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(7)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(CLIP_PIECES)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    size = len(CLIP_PIECES)
    config = CLIPTextConfig(
        vocab_size=size,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=32,
        bos_token_id=size - 2,
        eos_token_id=size - 1,
        pad_token_id=size - 1,
    )
    model = CLIPTextModel(config)
    model.save_pretrained(folder)
    return model
