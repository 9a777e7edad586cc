"""Reading a picture as models of colour pictures want it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

__all__ = ["read_picture"]


def read_picture(path: Path) -> Image.Image | None:
    """Return a picture as RGB, transparency laid over white; None where it cannot be read."""
    try:
        with Image.open(path) as image:
            image.load()
            if image.mode == "RGB":
                return image.copy()
            if "A" in image.getbands() or "transparency" in image.info:
                layer = image.convert("RGBA")
                white = Image.new("RGBA", layer.size, "white")
                return Image.alpha_composite(white, layer).convert("RGB")
            return image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        # What pillow raises for damaged files.
        return None
