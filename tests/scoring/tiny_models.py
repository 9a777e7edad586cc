"""Models of real architectures with a few thousand weights, saved as their makers save theirs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from pipelines.scoring.targets import Targets

TARGETS = Targets(
    ("validity", "completeness", "clarity", "conformity"),
    {
        "perception": {"clarity": 1.0, "conformity": 1.0},
        "knowledge": {"validity": 1.0, "completeness": 1.0},
    },
)
SENTENCES = [
    "a scientific image with bad poor fair good perfect quality clarity notation and style",
    "labels, scales and context of good bad photo. scientific accuracy",
    "Bad Poor Fair Good Excellent bad poor fair good excellent Bad. Good. Fair.",
    *(word.capitalize() for word in ["bad", "poor", "fair", "good", "excellent"]),
    "Subjective: Good Objective: Fair The quality of the image is excellent",
]
VISION = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
TEXT = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


def pictures(folder: Path, sizes=((60, 40), (40, 90), (64, 64), (33, 80))) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number, (width, height) in enumerate(sizes):
        noise = np.random.default_rng(number).integers(0, 255, (height, width, 3), dtype=np.uint8)
        found.append(folder / f"{number}.png")
        Image.fromarray(noise).save(found[-1])
    return found


def _trained(
    tokenizer: Tokenizer, alphabet: list[str], specials: list[str], **options: str
) -> Tokenizer:
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=specials, initial_alphabet=alphabet, show_progress=False,
        **options,
    )  # fmt: skip
    tokenizer.train_from_iterator(SENTENCES * 4, trainer)
    return tokenizer


def _parts(tokenizer: Tokenizer):
    import json

    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [tuple(pair) for pair in model["merges"]]


def siglip2(folder: Path, *, seed: int = 0, has_tokenizer: bool = True) -> torch.nn.Module:
    from transformers import Siglip2Config, Siglip2Model
    from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil
    from transformers.models.siglip2.tokenization_siglip2 import Siglip2Tokenizer

    raw = Tokenizer(models.BPE(unk_token="<unk>"))
    raw.normalizer = normalizers.Replace(" ", "▁")
    raw.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_previous")
    letters = [chr(n) for n in range(33, 127)] + ["▁"]
    vocab, merges = _parts(_trained(raw, letters, ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]))
    torch.manual_seed(seed)
    config = Siglip2Config(
        text_config=TEXT
        | {"vocab_size": len(vocab), "max_position_embeddings": 24, "projection_size": 32,
           "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0},
        vision_config=VISION | {"num_patches": 16, "patch_size": 8},
    )  # fmt: skip
    model = Siglip2Model(config).eval()
    with torch.no_grad():
        # As after training: pictures differ by how near they are to each word.
        model.logit_scale.fill_(4.0)
        model.logit_bias.fill_(-10.0)
    model.save_pretrained(folder)
    Siglip2ImageProcessorPil(patch_size=8, max_num_patches=16).save_pretrained(folder)
    if has_tokenizer:
        Siglip2Tokenizer(vocab=vocab, merges=merges).save_pretrained(folder)
    return model


def clip(folder: Path, seed: int = 0) -> torch.nn.Module:
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    raw = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    raw.normalizer = normalizers.Lowercase()
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    specials = ["<|startoftext|>", "<|endoftext|>"]
    trained = _trained(
        raw, pre_tokenizers.ByteLevel.alphabet(), specials, end_of_word_suffix="</w>"
    )
    vocab, merges = _parts(trained)
    torch.manual_seed(seed)
    config = CLIPConfig(
        text_config=TEXT
        | {"vocab_size": len(vocab), "max_position_embeddings": 40,
           "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1},
        vision_config=VISION | {"image_size": 32, "patch_size": 8},
        initializer_factor=3.0,
        projection_dim=24,
    )  # fmt: skip
    model = CLIPModel(config).eval()
    model.save_pretrained(folder)
    size = {"shortest_edge": 32}
    CLIPImageProcessorPil(size=size, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    CLIPTokenizer(vocab=vocab, merges=merges).save_pretrained(folder)
    return model


def dinov2(folder: Path, seed: int = 0) -> torch.nn.Module:
    from transformers import Dinov2Config, Dinov2Model
    from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil

    torch.manual_seed(seed)
    config = Dinov2Config(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=14
    )
    model = Dinov2Model(config).eval()
    model.save_pretrained(folder)
    BitImageProcessorPil(
        size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}
    ).save_pretrained(folder)
    return model


def _chat_tokenizer(folder: Path, extra: dict[str, str], template: str):
    from transformers import Qwen2Tokenizer

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *extra.values()]
    vocab, merges = _parts(_trained(raw, pre_tokenizers.ByteLevel.alphabet(), specials))
    tokenizer = Qwen2Tokenizer(
        vocab=vocab, merges=merges, extra_special_tokens=extra, chat_template=template,
        additional_special_tokens=["<|im_start|>", "<|im_end|>"],
    )  # fmt: skip
    tokenizer.save_pretrained(folder)
    return tokenizer


def _template(picture: str) -> str:
    return (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n"
        "{% for c in m.content %}{% if c.type == 'image' %}" + picture + "{% else %}{{ c.text }}"
        "{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )


def internvl(folder: Path, seed: int = 0) -> torch.nn.Module:
    from transformers import InternVLConfig, InternVLForConditionalGeneration
    from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil

    extra = {
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    }
    tokenizer = _chat_tokenizer(folder, extra, _template("<IMG_CONTEXT>"))
    torch.manual_seed(seed)
    config = InternVLConfig(
        vision_config=VISION | {"image_size": [32, 32], "patch_size": [8, 8]},
        text_config=TEXT
        | {"model_type": "qwen2", "num_key_value_heads": 2, "vocab_size": len(tokenizer)},
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
    )
    model = InternVLForConditionalGeneration(config).eval()
    model.save_pretrained(folder)
    GotOcr2ImageProcessorPil(
        size={"height": 32, "width": 32}, crop_to_patches=True, min_patches=1, max_patches=3
    ).save_pretrained(folder)
    _processor_config(folder, "InternVLProcessor", image_seq_length=4)
    return model


def qwen2_5_vl(folder: Path, seed: int = 0) -> torch.nn.Module:
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    extra = {
        "image_token": "<|image_pad|>",
        "video_token": "<|video_pad|>",
        "vision_start_token": "<|vision_start|>",
        "vision_end_token": "<|vision_end|>",
    }
    template = _template("<|vision_start|><|image_pad|><|vision_end|>")
    tokenizer = _chat_tokenizer(folder, extra, template)
    ids = {f"{key}_id": tokenizer.convert_tokens_to_ids(token) for key, token in extra.items()}
    torch.manual_seed(seed)
    config = Qwen2_5_VLConfig(
        vision_config={
            "hidden_size": 32, "intermediate_size": 48, "depth": 2, "num_heads": 2,
            "out_hidden_size": 32, "patch_size": 14, "fullatt_block_indexes": [1],
        },
        text_config=TEXT
        | {"num_key_value_heads": 2, "vocab_size": len(tokenizer),
           "rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3],
                               "rope_theta": 10000.0}},
        **ids,
    )  # fmt: skip
    model = Qwen2_5_VLForConditionalGeneration(config).eval()
    model.save_pretrained(folder)
    size = {"shortest_edge": 28 * 28, "longest_edge": 28 * 28 * 6}
    Qwen2VLImageProcessorPil(size=size).save_pretrained(folder)
    _processor_config(folder, "Qwen2_5_VLProcessor")
    return model


def llava_onevision(folder: Path, seed: int = 0) -> torch.nn.Module:
    from transformers import LlavaOnevisionConfig, LlavaOnevisionForConditionalGeneration
    from transformers.models.llava_onevision.image_processing_pil_llava_onevision import (
        LlavaOnevisionImageProcessorPil,
    )

    extra = {"image_token": "<image>", "video_token": "<video>"}
    tokenizer = _chat_tokenizer(folder, extra, _template("<image>"))
    torch.manual_seed(seed)
    pinpoints = [[32, 32], [32, 64], [64, 32]]
    config = LlavaOnevisionConfig(
        vision_config=VISION
        | {"model_type": "siglip_vision_model", "image_size": 32, "patch_size": 8,
           "vision_use_head": False},
        text_config=TEXT
        | {"model_type": "qwen2", "num_key_value_heads": 2, "vocab_size": len(tokenizer)},
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_index=tokenizer.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=pinpoints,
    )  # fmt: skip
    model = LlavaOnevisionForConditionalGeneration(config).eval()
    model.save_pretrained(folder)
    LlavaOnevisionImageProcessorPil(
        size={"height": 32, "width": 32}, image_grid_pinpoints=pinpoints
    ).save_pretrained(folder)
    _processor_config(
        folder, "LlavaOnevisionProcessor", num_image_tokens=16,
        vision_feature_select_strategy="full",
    )  # fmt: skip
    return model


def _processor_config(folder: Path, name: str, **values: object) -> None:
    import json

    (folder / "processor_config.json").write_text(json.dumps({"processor_class": name} | values))
