"""Models with random weights, laid out on disk like the ones on the model hub.

Miniatures for tests; at full size, with the shapes of the real ones, for measuring speed.
"""

import json
from pathlib import Path
from typing import Any

ALPHABET = "abcdefghijklmnopqrstuvwxyzабвгдеёжзийклмнопрстуфхцчшщъыьэюя0123456789.,:/-_"


def write_clip(folder: Path, *, dim: int = 32, seed: int = 0, full_size: bool = False) -> Path:
    """Write a CLIP of two thin layers a tower, in the layout of clip-ViT-B-32, and return it.

    Args:
        folder: made by this call.
        dim: length of the embeddings.
        seed: two seeds give two models.
        full_size: as big as clip-ViT-B-32; ``dim`` is 512 then.
    """
    import torch
    from safetensors.torch import save_file
    from transformers import CLIPConfig, CLIPModel

    inner = folder / "0_CLIPModel"
    inner.mkdir(parents=True)
    vocabulary = _write_clip_tokenizer(inner)
    tower = {
        "hidden_size": 24,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "projection_dim": dim,
        "initializer_factor": 8.0,  # or random towers see the same in everything
    }
    words = {
        "vocab_size": vocabulary,
        "max_position_embeddings": 77,
        "eos_token_id": vocabulary - 1,
    }
    config = CLIPConfig(
        text_config=tower | words | {"bos_token_id": vocabulary - 2},
        vision_config=tower | {"image_size": 224, "patch_size": 32},
        projection_dim=dim,
        architectures=["CLIPModel"],
    )
    if full_size:
        words["vocab_size"] = 49_408  # the tokenizer uses the first few hundred
        config = CLIPConfig(text_config=words, vision_config={}, architectures=["CLIPModel"])
    torch.manual_seed(seed)
    weights = CLIPModel(config).state_dict()
    # The published file is old: it holds buffers that the library has stopped reading.
    weights["text_model.embeddings.position_ids"] = torch.arange(77)[None]
    save_file(weights, inner / "model.safetensors", metadata={"format": "pt"})
    config.save_pretrained(inner)
    preprocessing = {
        "crop_size": 224,
        "do_center_crop": True,
        "do_normalize": True,
        "do_resize": True,
        "feature_extractor_type": "CLIPFeatureExtractor",
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
        "resample": 3,
        "size": 224,
    }
    _write_json(inner / "preprocessor_config.json", preprocessing)
    _write_modules(folder, {"0_CLIPModel": "CLIPModel"})
    return folder


def write_words_model(
    folder: Path, *, dim: int = 32, seed: int = 0, full_size: bool = False
) -> Path:
    """Write a thin DistilBERT, mean pooling and a dense layer; arguments as of `write_clip`.

    The layout is that of clip-ViT-B-32-multilingual-v1.
    """
    import torch
    from transformers import DistilBertConfig, DistilBertModel

    folder.mkdir(parents=True)
    vocabulary = _write_wordpiece_tokenizer(folder)
    config = DistilBertConfig(
        vocab_size=vocabulary,
        dim=24,
        hidden_dim=48,
        n_layers=2,
        n_heads=2,
        initializer_range=0.5,
        architectures=["DistilBertModel"],
    )
    if full_size:
        dim = 512
        config = DistilBertConfig(vocab_size=119_547, architectures=["DistilBertModel"])
    torch.manual_seed(seed)
    DistilBertModel(config).save_pretrained(folder)
    _write_json(
        folder / "sentence_bert_config.json", {"max_seq_length": 128, "do_lower_case": False}
    )

    pooling = folder / "1_Pooling"
    pooling.mkdir()
    _write_json(
        pooling / "config.json",
        {
            "word_embedding_dimension": config.dim,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
    )
    dense = folder / "2_Dense"
    dense.mkdir()
    torch.save({"linear.weight": torch.randn(dim, config.dim)}, dense / "pytorch_model.bin")
    _write_json(
        dense / "config.json",
        {
            "in_features": config.dim,
            "out_features": dim,
            "bias": False,
            "activation_function": "torch.nn.modules.linear.Identity",
        },
    )
    _write_modules(folder, {"": "Transformer", "1_Pooling": "Pooling", "2_Dense": "Dense"})
    return folder


def write_siglip(folder: Path, *, seed: int = 0) -> Path:
    """Write a SigLIP of two thin layers a tower, in the layout of google/siglip2-base-patch16-224.

    Its tokenizer, like the published one, does not lower letters though the model expects it.
    """
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import (
        PreTrainedTokenizerFast,
        SiglipConfig,
        SiglipImageProcessorPil,
        SiglipModel,
        SiglipProcessor,
    )

    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", *ALPHABET, *ALPHABET[:-16].upper(), "▁"]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <eos>", special_tokens=[("<eos>", vocabulary["<eos>"])]
    )
    special = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>"}
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=64, padding_side="right", **special
    )
    tower = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    words = {"vocab_size": len(vocabulary), "max_position_embeddings": 64, "projection_size": 32}
    ends = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
    config = SiglipConfig(
        text_config=tower | words | ends, vision_config=tower | {"image_size": 64, "patch_size": 16}
    )
    torch.manual_seed(seed)
    model = SiglipModel(config)
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(3)  # or random towers see the same in everything
    model.save_pretrained(folder)
    pictures = SiglipImageProcessorPil(size={"height": 64, "width": 64})
    SiglipProcessor(pictures, fast).save_pretrained(folder)
    return folder


def save_in_current_layout(folder: Path, copy: Path) -> Path:
    """Save a model again the way today's library lays it out, and return the copy."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), local_files_only=True)
    model.save_pretrained(str(copy), create_model_card=False)
    return copy


def _write_modules(folder: Path, types: dict[str, str]) -> None:
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{name}"}
        for i, (path, name) in enumerate(types.items())
    ]
    _write_json(folder / "modules.json", modules)


def _write_clip_tokenizer(folder: Path) -> int:
    """Write CLIP's byte-pair tokenizer with three merges; return the size of its vocabulary."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    symbols = list(bytes_to_unicode().values())
    merges = [("t", "o"), ("to", "w"), ("e", "r</w>")]
    tokens = [*symbols, *(symbol + "</w>" for symbol in symbols), *("".join(m) for m in merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    _write_json(folder / "vocab.json", {token: i for i, token in enumerate(tokens)})
    lines = ["#version: 0.2", *(" ".join(merge) for merge in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    special = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
    }
    _write_json(folder / "special_tokens_map.json", special)
    kind = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True}
    _write_json(folder / "tokenizer_config.json", special | kind)
    return len(tokens)


def _write_wordpiece_tokenizer(folder: Path) -> int:
    """Write a tokenizer of single letters; return the size of its vocabulary."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    letters = [*ALPHABET, *ALPHABET.upper()]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens += dict.fromkeys([*letters, *(f"##{letter}" for letter in letters)])
    vocabulary = {token: i for i, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"])
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    special = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    _write_json(folder / "special_tokens_map.json", special)
    kind = {"tokenizer_class": "DistilBertTokenizer", "do_lower_case": False}
    _write_json(folder / "tokenizer_config.json", special | kind | {"model_max_length": 512})
    return len(vocabulary)


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")
