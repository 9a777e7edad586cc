"""Other ways to the same flaws of a finished picture: what `pixels` does, done differently.

A prior that has seen one blur and one kind of noise only knows those. Every ninth figure
that it learns from is spoilt in these ways.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from pipelines.scoring.figures.pixels import PIXEL_FLAWS, Spoiler

__all__ = ["OTHER_WAYS"]

_PAPERS = ("white", "#f2f2f2", "#808080", "black")


def _picture(pixels: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Image.Image:
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _pixels(image: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(image, dtype=np.float32)


def _blur(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    reach = (0.8 + 3.2 * severity) * max(image.size) / 500
    if rng.random() < 0.5:
        return image.filter(ImageFilter.BoxBlur(reach))
    small = [max(16, round(n / (1 + 1.3 * reach))) for n in image.size]
    shrunk = image.resize((small[0], small[1]), Image.Resampling.LANCZOS)
    return shrunk.resize(image.size, Image.Resampling.LANCZOS)


def _motion_blur(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    from scipy.ndimage import shift

    length = (4 + 14 * severity) * max(image.size) / 500
    angle = float(rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)]))
    steps = np.linspace(-0.5, 0.5, max(3, round(length))) * length
    pixels = _pixels(image)
    total = np.zeros_like(pixels)
    for step in steps:
        by = (round(step * np.sin(angle)), round(step * np.cos(angle)), 0)
        total += shift(pixels, by, order=0, mode="nearest")
    return _picture(total / np.float32(len(steps)))


def _noise(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    pixels = _pixels(image)
    height, width = pixels.shape[:2]
    way = int(rng.integers(4))
    if way == 0:
        hit = rng.random((height, width)) < 0.02 + 0.1 * severity
        pixels = pixels.copy()
        pixels[hit] = rng.choice([0.0, 255.0], size=(int(hit.sum()), 1))
        return _picture(pixels)
    if way == 1:
        grain = rng.standard_normal((height, width, 1), np.float32)
        return _picture(pixels * (1 + (0.1 + 0.35 * severity) * grain))
    if way == 2:
        size = ((width + 1) // 2, (height + 1) // 2)
        coarse = Image.fromarray(rng.standard_normal((size[1], size[0]), np.float32))
        grain = np.asarray(coarse.resize((width, height), Image.Resampling.BILINEAR))[..., None]
        return _picture(pixels + (20 + 60 * severity) * grain)
    # Interference of two rasters, as photographs of screens show it.
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = rng.uniform(0.3, 1.6, 2) * rng.choice([-1, 1], 2)
    waves = np.sin(x * u + y * v) + np.sin(x * (u + 0.15) + y * v) * float(rng.integers(2))
    return _picture(pixels + (10 + 30 * severity) * waves[..., None].astype(np.float32))


def _low_contrast(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    way = int(rng.integers(3))
    if way == 0:
        return ImageEnhance.Brightness(image).enhance(0.65 - 0.45 * severity)
    if way == 1:
        return Image.blend(image, Image.new("RGB", image.size, "white"), 0.4 + 0.48 * severity)
    grey = ImageEnhance.Contrast(image).enhance(0.6 - 0.45 * severity)
    return ImageEnhance.Color(grey).enhance(0.6)


def _low_resolution(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    factor = 1.8 + 3.2 * severity
    small = [max(24, round(n / factor)) for n in image.size]
    ways = (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)
    down, up = (ways[i] for i in rng.integers(3, size=2))
    return image.resize((small[0], small[1]), down).resize(image.size, up)


def _compression(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    file = BytesIO()
    if rng.random() < 0.35:
        image.save(file, "WEBP", quality=int(18 - 17 * severity))
    else:
        image.save(file, "JPEG", quality=int(22 - 18 * severity), subsampling=int(rng.integers(3)))
    return Image.open(file).convert("RGB")


def _banding(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    if rng.random() < 0.5:
        return ImageOps.posterize(image, 3 if severity < 0.5 else 2)
    dither = Image.Dither.FLOYDSTEINBERG if rng.random() < 0.3 else Image.Dither.NONE
    return image.quantize(int(20 - 14 * severity), dither=dither).convert("RGB")


def _glare(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    height, width = image.height, image.width
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width - 0.5, y / height - 0.5
    if rng.random() < 0.5:
        fall = 2 * (x * x + y * y)
    else:
        angle = rng.uniform(0, 2 * np.pi)
        fall = (np.cos(angle) * x + np.sin(angle) * y + 0.7) / 1.4
    light = 1 - (0.3 + 0.55 * severity) * fall.clip(0, 1)[..., None]
    return _picture(_pixels(image) * light.astype(np.float32))


def _ringing(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    sharp = ImageFilter.UnsharpMask(float(rng.uniform(1, 4)), int(180 + 420 * severity), 0)
    return image.filter(sharp)


def _tilt(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    angle = (2.0 + 9.0 * severity) * float(rng.choice([-1, 1]))
    paper = str(rng.choice(_PAPERS))
    return image.rotate(
        angle, Image.Resampling.BILINEAR, expand=bool(rng.random() < 0.6), fillcolor=paper
    )


def _mirrored(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    ways = (ImageOps.mirror, ImageOps.mirror, ImageOps.flip)
    return ways[int(rng.integers(3))](image)


def _stretched(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    factor = 1.35 + 0.9 * severity
    wide, high = rng.permutation([factor**0.5, factor**-0.5])
    size = (max(24, round(image.width * wide)), max(24, round(image.height * high)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _cut_off(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    share = 0.08 + 0.16 * severity
    left, top, right, bottom = share * rng.permutation([1.0, 0, 0, 0])
    width, height = image.size
    return image.crop(
        (int(left * width), int(top * height), int((1 - right) * width), int((1 - bottom) * height))
    )


def _watermark(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    words = ("COPY", "(c) 2019", "evaluation", "not for print", "stock", "A. N. Other")
    text = str(rng.choice(words))
    tiled = bool(rng.random() < 0.5)
    share = rng.uniform(0.03, 0.06) if tiled else rng.uniform(0.1, 0.2)
    font = ImageFont.load_default(size=max(12, int(image.width * share)))
    layer = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(layer)
    step = max(30, int(image.width * share * 6)) if tiled else 10**6
    for x in range(int(0.05 * image.width), image.width, step):
        for y in range(int((0.1 if tiled else 0.45) * image.height), image.height, step // 2):
            pen.text((x, y), text, fill=int(60 + 120 * severity), font=font)
    layer = layer.rotate(float(rng.uniform(-40, 40)))
    colour = str(rng.choice(["#909090", "#b0b0b0", "white", "#cc4444", "#4466aa"]))
    return Image.composite(Image.new("RGB", image.size, colour), image, layer)


def _screenshot(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    bar, side = max(24, image.height // 12), max(8, image.width // 40)
    paper, title = rng.choice(["#c8d0dc", "#f3f3f3", "#1e1e1e"]), rng.choice(["#2b579a", "#202020"])
    window = Image.new("RGB", (image.width + 2 * side, image.height + bar + side), str(paper))
    window.paste(image, (side, bar))
    pen = ImageDraw.Draw(window)
    pen.rectangle((0, 0, window.width, bar - 4), fill=str(title))
    font = ImageFont.load_default(size=max(10, bar // 2))
    pen.text((10, bar / 5), "Document1 - Editor", fill="white", font=font)
    pen.text((window.width - 3 * bar, bar / 5), "_  x", fill="white", font=font)
    return window


def _unusual_style(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    edge = max(6, image.width // int(rng.integers(18, 40)))
    framed = ImageOps.expand(image, edge, str(rng.choice(["black", "#7a5c2e", "#3060c0"])))
    return ImageOps.expand(framed, edge // 2, str(rng.choice(["white", "#d0b070", "#c0c0ff"])))


_OTHER: dict[str, Spoiler] = {
    "stretched": _stretched, "mirrored": _mirrored, "cut_off": _cut_off,
    "unusual_style": _unusual_style, "watermark": _watermark, "tilt": _tilt, "glare": _glare,
    "low_contrast": _low_contrast, "blur": _blur, "motion_blur": _motion_blur,
    "low_resolution": _low_resolution, "noise": _noise, "ringing": _ringing,
    "screenshot": _screenshot, "compression": _compression, "banding": _banding,
}  # fmt: skip

OTHER_WAYS: dict[str, Spoiler] = {name: _OTHER[name] for name in (*PIXEL_FLAWS, "banding")}
"""Flaw -> what it does, in the order of `PIXEL_FLAWS`; banding comes last."""
