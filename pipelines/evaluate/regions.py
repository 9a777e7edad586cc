"""Regions: mIoU of the masks of each distortion, and whether regions are named right.

The records are those of `export regions` (one image a line). Pixel mIoU is that of semantic
segmentation, as Q-Ground reports it: for each distortion, intersection and union summed over all
images. IQA-Spider's grounding is the mean over single questions, here over image and distortion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pipelines.evaluate.masks import Mask, region_mask
from pipelines.evaluate.named import Row, match_rows
from pipelines.evaluate.resampling import interval, replicates_for, resampled
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["evaluate_regions"]

_UNNAMED = "unnamed"
"""Distortion of a region that names none."""


def evaluate_regions(
    truth: Sequence[Row],
    predicted: Sequence[Row],
    bootstrap: int | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Return mIoU and referring accuracy.

    An image without prediction counts with empty masks. Referring is judged on regions whose
    `region_id` is in both files: the set of distortion types must agree (`type`), or types and
    severities (`type_and_severity`).

    Args:
        truth: Records `{image, width, height, regions: […]}`.
        predicted: The same; width and height may be absent.
        bootstrap: Replicates; None chooses by size.
        seed: Seed of the bootstrap.

    Returns:
        `score` and `miou` are the mean over image and distortion, 0-1.

    Raises:
        UserError: `invalid_regions`, naming the image.
    """
    matches = match_rows(truth, predicted, lambda row: str(row.get("image")))
    ious: list[list[float]] = []
    areas: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    named: list[tuple[bool, bool]] = []
    for true, given in matches.pairs:
        ious.append(_image_ious(true, given or {"regions": []}, areas))
        named += _referred(true, given or {"regions": []})
    flat = [iou for image in ious for iou in image]
    by_distortion = {
        name: inside / union if union else None for name, (inside, union) in sorted(areas.items())
    }
    present = [iou for iou in by_distortion.values() if iou is not None]
    said = matches.gaps.warnings()
    if matches.gaps.missing:
        said.append("Images without prediction count with empty masks.")
    if not named:
        said.append("No region_id is in both files, so there is no referring accuracy.")
    return {
        "track": "regions",
        "score": _mean(flat),
        "miou": _mean(flat),
        "miou_pixels": _mean(present),
        "iou_by_distortion": by_distortion,
        "referring_accuracy": {
            "type": _mean([kind for kind, _ in named]),
            "type_and_severity": _mean([both for _, both in named]),
            "n": len(named),
        },
        "n": len(matches.pairs),
        "n_masks": len(flat),
        "ci95": _interval(ious, replicates_for(len(ious), bootstrap), seed),
        **matches.gaps.as_json(),
        "warnings": said,
    }


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return float(np.mean(found)) if found else None


def _image_ious(true: Row, given: Row, areas: dict[str, list[int]]) -> list[float]:
    """Return the IoU of each distortion of an image; add its pixels to `areas`."""
    try:
        size = int(true["width"]), int(true["height"])
        sides = [_union_by_distortion(row["regions"], *size) for row in (true, given)]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            "invalid_regions",
            f"The regions of image '{one_line(true.get('image'), 60)}' cannot be read: "
            f"{one_line(error, 80)}; each record needs image, width, height and regions.",
        ) from error
    empty = np.zeros(size[::-1], bool)
    found = []
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        masks = [side.get(name, empty) for side in sides]
        inside, union = int((masks[0] & masks[1]).sum()), int((masks[0] | masks[1]).sum())
        areas[name][0] += inside
        areas[name][1] += union
        if union:
            found.append(inside / union)
    return found


def _union_by_distortion(
    regions: Iterable[Mapping[str, Any]], width: int, height: int
) -> dict[str, Mask]:
    masks: dict[str, Mask] = {}
    for region in regions:
        mask = region_mask(region, width, height)
        for name, _ in _distortions(region) or {(_UNNAMED, "")}:
            masks[name] = masks[name] | mask if name in masks else mask
    return masks


def _distortions(region: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {
        (str(one["type"]).strip().casefold(), str(one.get("severity") or "").strip().casefold())
        for one in region.get("distortions") or ()
    }


def _referred(true: Row, given: Row) -> list[tuple[bool, bool]]:
    """Return for each region of both sides whether types, and types and severities, agree."""
    answers = {str(r.get("region_id")): _distortions(r) for r in given["regions"]}
    found = []
    for region in true["regions"]:
        answer = answers.get(str(region.get("region_id")))
        if answer is None or region.get("region_id") is None:
            continue
        right = _distortions(region)
        found.append(({k for k, _ in right} == {k for k, _ in answer}, right == answer))
    return found


def _interval(ious: Sequence[Sequence[float]], replicates: int, seed: int) -> list[float] | None:
    """Resample images, whose masks belong together."""
    if not replicates or len(ious) < 3:
        return None
    sums = np.array([sum(image) for image in ious])
    counts = np.array([len(image) for image in ious])

    def draw(places: np.ndarray[Any, np.dtype[np.intp]]) -> tuple[np.ndarray[Any, Any], ...]:
        n = counts[places].sum(axis=1)
        return (np.divide(sums[places].sum(axis=1), n, out=np.full(len(n), np.nan), where=n > 0),)

    (scores,) = resampled(len(ious), replicates, seed, draw)
    return interval(scores)
