"""Throughput of the backends `encoder` and `vlm` beside the bare model on random tensors.

    python -m benchmarks.encoder                                   (tiny models made on the spot)
    python -m benchmarks.encoder --encoder google/siglip2-so400m-patch16-naflex --pictures DIR

Both sides take the same shapes on the same device with the same numbers; what lies between is
decoding, the model's own processor, batching and bringing rows back. The tiny models are too small
to say anything of a GPU: name real ones there. Flops are counted by torch on one batch; utilisation
is their rate over the device's peak for dense bf16 (`--peak-tflops`; H100 SXM and H200: 989).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pipelines.scoring.models.encoder import EncoderScorer
from pipelines.scoring.models.hardware import choose_device
from pipelines.scoring.models.vlm import VlmScorer
from pipelines.scoring.targets import Targets
from tests.scoring import tiny_models

TARGETS = Targets(("quality",), {})
REPEATS = 3


def pictures(folder: Path, n: int, side: int) -> list[Path]:
    """Write JPEG-like pictures of one megapixel or so; decoding is part of what is measured."""
    rng = np.random.default_rng(1)
    found = []
    for number in range(n):
        coarse = rng.integers(0, 255, (side // 16, side // 16, 3), dtype=np.uint8)
        found.append(folder / f"{number}.jpg")
        Image.fromarray(coarse).resize((side, side)).save(found[-1], quality=90)
    return found


def seconds(run, device) -> float:
    """Return the best of some runs; the first warms up."""
    best = float("inf")
    for number in range(REPEATS + 1):
        if device.is_gpu:
            torch.cuda.synchronize()
        begun = time.perf_counter()
        run()
        if device.is_gpu:
            torch.cuda.synchronize()
        if number:
            best = min(best, time.perf_counter() - begun)
    return best


def batches_of(loaded, method, scorer, paths):
    """Return the batches that the model was given, and the seconds of the whole backend."""
    seen, inner = [], getattr(loaded, method)

    def spy(batch):
        seen.append({key: value.clone() for key, value in batch.items()})
        return inner(batch)

    setattr(loaded, method, spy)
    scorer.features(paths)
    setattr(loaded, method, inner)
    return seen


def randomised(batch):
    pixels = batch["pixel_values"]
    return batch | {"pixel_values": torch.rand_like(pixels, dtype=pixels.dtype) * 2 - 1}


def measured(scorer, loaded, method, bare, paths, peak):
    device = loaded.device
    given = [randomised(batch) for batch in batches_of(loaded, method, scorer, paths)]

    def bare_run():
        with torch.inference_mode():
            for batch in given:
                bare(batch)

    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        for batch in given:
            bare(batch)
    flops = counter.get_total_flops()
    whole, alone = seconds(lambda: scorer.features(paths), device), seconds(bare_run, device)
    return {
        "images": len(paths),
        "batches": len(given),
        "images_per_s": len(paths) / whole,
        "bare_images_per_s": len(paths) / alone,
        "share_of_bare": alone / whole,
        "times_of_bare": whole / alone,
        "gflops_an_image": flops / len(paths) / 1e9,
        "tflops_per_s": flops / whole / 1e12,
        "model_flops_utilisation": flops / whole / 1e12 / peak if peak else None,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--vlm", type=Path)
    parser.add_argument("--n", type=int, default=24)
    parser.add_argument("--side", type=int, default=1000)
    parser.add_argument("--peak-tflops", type=float, default=0.0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/encoder.json"))
    given = parser.parse_args()
    device = choose_device()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        paths = pictures(root, given.n, given.side)
        if given.encoder is None:
            tiny_models.siglip2(root / "siglip2")
        if given.vlm is None:
            tiny_models.llava_onevision(root / "q-sit")
        encoder = EncoderScorer(TARGETS, given.encoder or root / "siglip2")
        chat = VlmScorer(TARGETS, given.vlm or root / "q-sit")
        vision = encoder._loaded()
        chat.features(paths[:1])
        loaded = chat._chat
        report = {
            "what": "backends encoder and vlm beside the bare model on random tensors of the same "
            "shape; tiny models say that it runs, nothing of a GPU",
            "device": torch.cuda.get_device_name() if device.is_gpu else "cpu",
            "dtype": device.dtype,
            "picture_px": given.side**2,
            "encoder": {"model": str(given.encoder or "tiny SigLIP 2")}
            | measured(encoder, vision, "_pooled", vision._pool, paths, given.peak_tflops),
            "vlm": {"model": str(given.vlm or "tiny LLaVA-OneVision")}
            | measured(chat, loaded, "_forward", loaded._next, paths, given.peak_tflops),
        }
    given.out.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
