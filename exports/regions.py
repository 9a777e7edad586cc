"""regions: marked regions as records (after IQA-Spider), masks (after Q-Ground), and COCO.

Neither project has published its format; the records follow the fields of IQA-Spider's paper,
the entries of `qground_*.json` have the three keys known from QGround-100K. COCO is exact.

A region is a mapping with `stimulus`, `region_id`, one of `polygon` ([[x, y], …]), `mask_rle`
({size: [h, w], counts}) and `bbox_xyxy` (px, right and lower edge exclusive), `distortions`
([{type, severity}]), and optionally `semantic`, `description`, `rater`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from exports.items import read_items
from exports.masks import mask_image, mask_rle, rle_area, rle_image
from exports.opinions import shown_raters
from exports.package import Package
from exports.publish import Contents, ExportReport, LeftOut, exported_splits, publish, put_images
from exports.source import ExportOptions, ExportSource
from schemas.errors import UserError
from schemas.text import one_line

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["read_regions", "write_regions"]

UNNAMED = "unnamed"
"""Category of a region without a distortion."""

_READING = """
import json
from pathlib import Path
for line in Path("regions_test.jsonl").read_text("utf-8").split("\\n")[:3]:
    print(json.loads(line)["image"] if line else "")
"""


class _Drawn(NamedTuple):
    """A region with its mask."""

    region: Mapping[str, Any]
    rle: dict[str, Any]
    box: tuple[int, int, int, int]

    @property
    def type(self) -> str:
        distortions = self.region.get("distortions") or [{}]
        return str(distortions[0].get("type") or UNNAMED)


def write_regions(source: ExportSource, out: Path, options: ExportOptions) -> ExportReport:
    """Write the study's regions.

    Raises:
        UserError: those of `publish`.
    """
    return publish("regions", source, out, options, lambda package: _fill(package, source, options))


def _fill(package: Package, source: ExportSource, options: ExportOptions) -> Contents:
    contents = Contents(_READING)
    splits = exported_splits(source, contents)
    sizes = _sizes(source)
    drawn = _drawn_regions(source, sizes, {s for m in splits.values() for s in m}, contents)
    pictures = put_images(package, source, options, list(drawn), contents)
    contents.files["images/"] = "the pictures as experts judged them"
    types = sorted({one.type for regions in drawn.values() for one in regions})
    contents.facts["mask_values"] = {kind: value for value, kind in enumerate(types, start=1)}
    shown = shown_raters(source, options)
    for split, members in splits.items():
        have = [(s, f"images/{pictures[s].name}", drawn[s]) for s in members if s in drawn]
        _write_split(package, contents, split, have, sizes, types, shown)
    contents.counts["regions"] = sum(map(len, drawn.values()))
    return contents


def _sizes(source: ExportSource) -> dict[str, tuple[int, int]]:
    columns = (source.stimuli[name].to_pylist() for name in ("stimulus", "width", "height"))
    return {stimulus: (width, height) for stimulus, width, height in zip(*columns, strict=True)}


def _drawn_regions(
    source: ExportSource,
    sizes: Mapping[str, tuple[int, int]],
    exported: set[str],
    contents: Contents,
) -> dict[str, list[_Drawn]]:
    """Return stimulus -> regions with masks; name those that cannot be drawn."""
    drawn: dict[str, list[_Drawn]] = {}
    for region in source.regions:
        stimulus = region["stimulus"]
        reason: str | None = "image_not_exported"
        if stimulus in exported:
            reason = _draw_into(drawn.setdefault(stimulus, []), region, sizes[stimulus])
        if reason:
            contents.left_out.append(LeftOut(str(region["region_id"]), stimulus, reason))
    return {stimulus: regions for stimulus, regions in drawn.items() if regions}


def _draw_into(
    regions: list[_Drawn], region: Mapping[str, Any], size: tuple[int, int]
) -> str | None:
    try:
        mask = mask_image(region, size)
    except (KeyError, TypeError, ValueError):
        return "no_valid_shape"
    box = mask.getbbox()
    if mask.size != size:
        return "mask_of_another_size"
    if box is None:
        return "outside_the_image"
    regions.append(_Drawn(region, mask_rle(mask), box))
    return None


def _write_split(
    package: Package,
    contents: Contents,
    split: str,
    have: Sequence[tuple[str, str, list[_Drawn]]],
    sizes: Mapping[str, tuple[int, int]],
    types: Sequence[str],
    shown: Mapping[str, str],
) -> None:
    records = (_record(image, sizes[s], regions, shown) for s, image, regions in have)
    package.write_json_lines(f"regions_{split}.jsonl", records)
    contents.files[f"regions_{split}.jsonl"] = f"one image a line, regions of split `{split}`"
    coco = {
        "images": [
            {"id": n, "file_name": image, "width": sizes[s][0], "height": sizes[s][1]}
            for n, (s, image, _) in enumerate(have, start=1)
        ],
        "categories": [{"id": n, "name": kind} for n, kind in enumerate(types, start=1)],
        "annotations": list(_coco_annotations(have, types)),
    }
    package.write_json(f"coco_{split}.json", coco)
    contents.files[f"coco_{split}.json"] = "the same in COCO's format, masks as run lengths"
    entries = []
    for stimulus, image, regions in have:
        path = f"masks/{stimulus}.png"
        with package.writing(path) as file:
            file.write(_png(_class_mask(regions, sizes[stimulus], types)))
        entries.append({"id": stimulus, "image": image, "ann_list": _ann_list(regions, path)})
    package.write_json_array(f"qground_{split}.json", entries)
    contents.files[f"qground_{split}.json"] = "one entry an image, after QGround-100K"
    if entries:
        contents.files["masks/"] = "one PNG an image; a pixel is the number of its distortion"
    contents.splits[split] = len(have)


def _record(
    image: str, size: tuple[int, int], regions: Iterable[_Drawn], shown: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "image": image,
        "width": size[0],
        "height": size[1],
        "regions": [
            {
                "region_id": one.region["region_id"],
                "semantic": one.region.get("semantic"),
                "bbox_xyxy": list(one.box),
                "mask_rle": one.rle,
                "distortions": list(one.region.get("distortions") or []),
                "description": one.region.get("description"),
                "rater": shown.get(one.region.get("rater") or ""),
            }
            for one in regions
        ],
    }


def _coco_annotations(
    have: Sequence[tuple[str, str, list[_Drawn]]], types: Sequence[str]
) -> Iterator[dict[str, Any]]:
    pairs = [(n, one) for n, (_, _, regions) in enumerate(have, start=1) for one in regions]
    for number, (image_id, one) in enumerate(pairs, start=1):
        left, top, right, bottom = one.box
        yield {
            "id": number,
            "image_id": image_id,
            "category_id": types.index(one.type) + 1,
            "segmentation": one.rle,
            "area": rle_area(one.rle),
            "bbox": [left, top, right - left, bottom - top],
            "iscrowd": 0,
        }


def _class_mask(regions: Iterable[_Drawn], size: tuple[int, int], types: Sequence[str]) -> Image:
    """Return the image of class numbers; where regions overlap, the later one is seen."""
    from PIL import Image

    classes = Image.new("L", size, 0)
    for one in regions:
        classes.paste(types.index(one.type) + 1, mask=rle_image(one.rle))
    return classes


def _png(image: Image) -> bytes:
    import io

    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _ann_list(regions: Iterable[_Drawn], mask: str) -> list[dict[str, Any]]:
    return [
        {"quality": one.type, "mask": mask, "description": one.region.get("description") or ""}
        for one in regions
    ]


def read_regions(path: Path) -> list[dict[str, Any]]:
    """Read `regions_*.jsonl`: one dict a region, with `image` and its checked mask.

    Raises:
        UserError: `invalid_regions` naming the image.
    """
    found = []
    for number, record in enumerate(read_items(path), start=1):
        try:
            size = (record["width"], record["height"])
            for region in record["regions"]:
                if mask_image(region, size).size != size:
                    raise ValueError("a mask has another size than the image")
                found.append({"image": record["image"], **region})
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                "invalid_regions",
                f"Record {number} of {path} is not an image with regions: {one_line(error)}. "
                "Mend it or leave it out.",
            ) from error
    return found
