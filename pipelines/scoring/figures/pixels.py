"""Flaws of the finished picture: what scanners, cameras, files and careless editing do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

__all__ = ["PIXEL_FLAWS", "Spoiler", "spoil"]

Spoiler = Callable[[Image.Image, float, np.random.Generator], Image.Image]


def _stretched(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    factor = 1.35 + 0.9 * severity
    if rng.random() < 0.5:
        return image.resize((round(image.width * factor), image.height), Image.Resampling.BICUBIC)
    return image.resize((image.width, round(image.height * factor)), Image.Resampling.BICUBIC)


def _mirrored(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    return ImageOps.mirror(image)


def _tilt(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    angle = (2.0 + 9.0 * severity) * (1 if rng.random() < 0.5 else -1)
    paper = (255, 255, 255) if rng.random() < 0.7 else (20, 20, 20)
    return image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=paper)


def _cut_off(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    share = 0.07 + 0.16 * severity
    left, top, right, bottom = (share * bool(b) for b in rng.permutation([1, severity > 0.5, 0, 0]))
    width, height = image.size
    return image.crop(
        (int(left * width), int(top * height), int((1 - right) * width), int((1 - bottom) * height))
    )


def _unusual_style(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    edge = max(6, image.width // 40)
    colours = ("#1f4fbf", "#a02020", "#207020", "#c08000", "#602080")
    colour = colours[int(rng.integers(len(colours)))]
    if rng.random() < 0.4:
        return _mounted(image, colour, 2 * edge)
    framed = ImageOps.expand(image, edge, colour)
    paper = Image.new("RGB", (framed.width + 3 * edge, framed.height + 3 * edge), "white")
    shadow = Image.new("RGB", framed.size, "#777777")
    paper.paste(shadow, (2 * edge, 2 * edge))
    paper = paper.filter(ImageFilter.GaussianBlur(edge / 3))
    paper.paste(framed, (edge // 2, edge // 2))
    return paper


def _mounted(image: Image.Image, colour: str, edge: int) -> Image.Image:
    """Return the picture with round corners on a ground that fades from a colour to white."""
    size = (image.width + 2 * edge, image.height + 2 * edge)
    fade = Image.linear_gradient("L").resize(size)
    ground = Image.composite(Image.new("RGB", size, "white"), Image.new("RGB", size, colour), fade)
    mask = Image.new("L", image.size, 0)
    corners = (0, 0, image.width - 1, image.height - 1)
    ImageDraw.Draw(mask).rounded_rectangle(corners, 2 * edge, fill=255)
    ground.paste(image, (edge, edge), mask)
    return ground


def _screenshot(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    bar = max(22, image.height // 14)
    dark = rng.random() < 0.4
    paper, ink = ("#303030", "#dddddd") if dark else ("#dfe3e8", "#222222")
    window = Image.new("RGB", (image.width, image.height + 2 * bar), paper)
    window.paste(image, (0, bar))
    pen = ImageDraw.Draw(window)
    for i, colour in enumerate(("#ff5f56", "#ffbd2e", "#27c93f")):
        pen.ellipse((8 + 18 * i, bar / 2 - 5, 18 + 18 * i, bar / 2 + 5), fill=colour)
    font = ImageFont.load_default(size=max(10, bar // 2))
    pen.text((74, bar / 4), "figure_final_v3.png — Viewer", fill=ink, font=font)
    foot = image.height + bar
    pen.text((8, foot + bar / 4), "File   Edit   View   100 %", fill=ink, font=font)
    x, y = rng.uniform(0.3, 0.7) * image.width, rng.uniform(0.3, 0.7) * image.height
    pen.polygon(
        [(x, y), (x, y + 18), (x + 5, y + 13), (x + 12, y + 12)], fill="white", outline="black"
    )
    return window


def _watermark(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    words = ("PREVIEW", "DRAFT", "SAMPLE", "www.example.org", "CONFIDENTIAL", "TRIAL VERSION")
    text = words[int(rng.integers(len(words)))]
    font = ImageFont.load_default(size=max(16, int(image.width * rng.uniform(0.07, 0.13))))
    layer = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(layer)
    strength = int(60 + 130 * severity)
    rows = 1 + int(rng.integers(0, 3))
    for i in range(rows):
        place = (rng.uniform(0, 0.3) * image.width, (i + 0.4) / rows * image.height)
        pen.text(place, text, fill=strength, font=font, anchor="lm")
    layer = layer.rotate(float(rng.uniform(10, 35)))
    ink = Image.new("RGB", image.size, ("#808080", "#b03030", "#3050b0")[int(rng.integers(3))])
    return Image.composite(ink, image, layer)


def _glare(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    y, x = np.mgrid[0:height, 0:width]
    cx, cy = rng.uniform(0, 1, 2)
    distance = np.hypot(x / width - cx, y / height - cy)
    light = np.exp(-((distance / rng.uniform(0.3, 0.5)) ** 2))[..., None]
    pixels = np.asarray(image, dtype=np.float32)
    if rng.random() < 0.5:
        lit = pixels + (255 - pixels) * light * (0.35 + 0.6 * severity)
    else:
        lit = pixels * (1 - (1 - light) * (0.25 + 0.5 * severity))
    return Image.fromarray(lit.clip(0, 255).astype(np.uint8))


def _low_contrast(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    grey = Image.new("RGB", image.size, (int(rng.integers(110, 235)),) * 3)
    return Image.blend(image, grey, 0.35 + 0.5 * severity)


def _blur(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    scale = max(image.size) / 500
    return image.filter(ImageFilter.GaussianBlur((0.7 + 3.0 * severity) * scale))


def _motion_blur(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    from scipy.ndimage import uniform_filter1d

    length = round((4 + 14 * severity) * max(image.size) / 500) + 1
    axis = int(rng.integers(2))
    return Image.fromarray(uniform_filter1d(np.asarray(image), length, axis=axis))


def _low_resolution(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    factor = 1.8 + 3.2 * severity
    small = image.resize(
        (max(24, round(image.width / factor)), max(24, round(image.height / factor))),
        Image.Resampling.BOX,
    )
    ways = (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)
    return small.resize(image.size, ways[int(rng.integers(3))])


def _noise(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(image, dtype=np.float32)
    strength = 14 + 50 * severity
    grain = rng.standard_normal((*pixels.shape[:2], 3 if rng.random() < 0.4 else 1), np.float32)
    noisy = pixels + strength * grain
    if rng.random() < 0.3:
        hit = rng.random(pixels.shape[:2]) < 0.01 + 0.06 * severity
        noisy[hit] = rng.choice([0.0, 255.0], size=(int(hit.sum()), 1))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def _ringing(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    soft = image.filter(ImageFilter.GaussianBlur(0.8))
    return soft.filter(ImageFilter.UnsharpMask(2.2, int(200 + 450 * severity), 0))


def _compression(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    return _jpeg(image, int(24 - 20 * severity))


def _jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = BytesIO()
    image.save(file, "JPEG", quality=max(2, quality))
    return Image.open(file).convert("RGB")


PIXEL_FLAWS: dict[str, Spoiler] = {
    "stretched": _stretched, "mirrored": _mirrored, "cut_off": _cut_off,
    "unusual_style": _unusual_style, "watermark": _watermark, "tilt": _tilt, "glare": _glare,
    "low_contrast": _low_contrast, "blur": _blur, "motion_blur": _motion_blur,
    "low_resolution": _low_resolution, "noise": _noise, "ringing": _ringing,
    "screenshot": _screenshot, "compression": _compression,
}  # fmt: skip
"""Flaw -> what it does to the picture, in the order in which they happen."""


def _handled(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return the picture as honest files have it: scaled a little, brighter, in 256 colours."""
    if rng.random() < 0.4:
        factor = rng.uniform(0.8, 1.3)
        size = (round(image.width * factor), round(image.height * factor))
        ways = (Image.Resampling.LANCZOS, Image.Resampling.BICUBIC, Image.Resampling.HAMMING)
        image = image.resize(size, ways[int(rng.integers(2 if factor > 1 else 3))])
    if rng.random() < 0.2:
        image = ImageEnhance.Brightness(image).enhance(float(rng.uniform(0.95, 1.05)))
    if rng.random() < 0.08:
        image = image.quantize(256, dither=Image.Dither.NONE).convert("RGB")
    return image


def spoil(
    image: Image.Image,
    flaws: Mapping[str, float],
    rng: np.random.Generator,
    ways: Mapping[str, Spoiler] = PIXEL_FLAWS,
) -> Image.Image:
    """Return the picture with the flaws of the picture, after harmless handling.

    Harmless handling (a good JPEG, a slight change of size or brightness, a palette) happens to
    flawless figures as well, so that a model does not learn "never touched" instead of "good".

    Args:
        image: RGB.
        flaws: Name -> severity; names that are not of the picture are ignored.
        rng: All random choices.
        ways: How each flaw is done, in the order in which they happen.
    """
    image = _handled(image, rng)
    for name, change in ways.items():
        if name in flaws:
            image = change(image, flaws[name], rng)
    if rng.random() < 0.35 and "compression" not in flaws:
        image = _jpeg(image, int(rng.integers(78, 98)))
    return image
