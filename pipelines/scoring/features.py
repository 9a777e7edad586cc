"""Hand-crafted features of scientific images, and natural-scene statistics.

Pixel statistics (sharpness, noise, compression) are taken at the original resolution from a window
of at most 320 × 320 px with the most detail, since shrinking removes what they measure; layout
from the whole image at 320 px, copies at 448 px, marks at 640 px and what letters they are at up
to 1400 px, colour at 96 px. Every feature is finite for every image.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image

from pipelines.scoring.copies import copy_features
from pipelines.scoring.edges import sharpness_features, steepness_features
from pipelines.scoring.layout import (
    direction_features,
    find_frame,
    ink_of,
    layout_features,
)
from pipelines.scoring.letters import letter_features
from pipelines.scoring.nss import NSS_NAMES, scene_statistics
from pipelines.scoring.tones import colour_features, paper_features, tone_features
from pipelines.scoring.traces import (
    compression_features,
    enlargement_features,
    line_profiles,
)
from pipelines.scoring.views import Features, Values, Views, views_of

__all__ = ["FEATURE_NAMES", "hand_features"]


def hand_features(image: Image.Image) -> Values:
    """Return the features of one image, in the order of `FEATURE_NAMES`.

    Args:
        image: Any mode; at least 1 × 1 px.
    """
    _keep_memory()
    features = _named(views_of(image))
    values = np.array([features[name] for name in FEATURE_NAMES], dtype=np.float32)
    return np.nan_to_num(values, nan=0.0, posinf=50.0, neginf=-50.0).clip(-1e4, 1e4)


@cache
def _keep_memory() -> None:
    """Make the allocator keep what is freed; new pages for each image's arrays cost 5 ms.

    Linux's C library maps blocks up to the largest that was ever freed (at most 32 MB) from
    memory that it keeps (mallopt(3), M_MMAP_THRESHOLD); elsewhere this does nothing.
    """
    np.empty(31 * 2**20, np.uint8)


def _named(views: Views) -> Features:
    ink = ink_of(views)
    frame = find_frame(ink)
    lines = line_profiles(views.window_levels)
    return {
        **_shape(views), **tone_features(views), **paper_features(views),
        **colour_features(views.colour),
        **sharpness_features(views.window_levels), **steepness_features(views.window_levels),
        **compression_features(views.window_levels, lines), **enlargement_features(lines),
        **copy_features(views.text),
        **direction_features(views), **layout_features(ink, frame),
        **letter_features(views, frame),
        **dict(zip(NSS_NAMES, scene_statistics(views.window), strict=True)),
    }  # fmt: skip


def _shape(views: Views) -> Features:
    width, height = views.size
    aspect = np.log(width / height)
    return {
        "log_width": np.log(width), "log_height": np.log(height),
        "aspect": aspect, "abs_aspect": abs(aspect),
    }  # fmt: skip


FEATURE_NAMES: tuple[str, ...] = tuple(_named(views_of(Image.new("L", (64, 64), 255))))
"""Names of the features, in order."""
