"""Make the demo images again: `python -m annotator.demo.make_demo --sources DIR`.

For developers; needs `requirements-render.txt`, `apt-get download` and `dpkg-deb`. Nothing of
it runs in the product: images, manifest and truth lie beside this file.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from pipelines.scoring.figures.flaws import DIMENSIONS, parse_flaws, quality_of

__all__ = ["COLUMNS", "main"]

HERE = Path(__file__).parent
COLUMNS = (
    "file_name", "discipline", "category", "source", "source_url_or_package", "licence",
    "attribution", "caption", "group", "changes",
)  # fmt: skip
"""Columns of `manifest.csv`."""


class Source(NamedTuple):
    """Where images come from."""

    name: str
    """As the manifest calls it."""
    package: str
    """Package and version that carries the files."""
    folder: str
    """Folder inside the unpacked package, or inside the installed module."""
    licence: str
    attribution: str


_DOC = "usr/share/doc"
DEBIAN = {
    "astropy": Source(
        "Astropy documentation", "python-astropy-doc 5.2.1-2+deb12u1 (Debian)",
        f"{_DOC}/python-astropy-doc/html", "BSD-3-Clause",
        "The Astropy Developers; Hubble and SDSS pictures by NASA, ESA and the Sloan Digital "
        "Sky Survey where shown",
    ),
    "skimage": Source(
        "scikit-image documentation", "python-skimage-doc 0.19.3-8 (Debian)",
        f"{_DOC}/python-skimage-doc/html/_images/sphx_glr_", "BSD-3-Clause",
        "The scikit-image team",
    ),
    "sklearn": Source(
        "scikit-learn documentation", "python-sklearn-doc 1.2.1+dfsg-1 (Debian)",
        f"{_DOC}/python-sklearn-doc/html/_images/sphx_glr_", "BSD-3-Clause",
        "The scikit-learn developers",
    ),
}  # fmt: skip
"""Debian packages with documentation figures, by the key of `selection.csv`."""

_SKIMAGE_DATA = {
    "cell.png": ("CC0-1.0", "Paul Müller et al., Optics Express 26(8), 2018"),
    "ihc.png": (
        "No known copyright restrictions",
        "Center for Microscopy and Molecular Imaging (CMMI)",
    ),
    "retina.jpg": ("CC0-1.0", "Mikael Häggström, 2014"),
    "hubble_deep_field.jpg": ("Public domain (NASA)", "NASA, ESA, Hubble eXtreme Deep Field"),
    "gravel.png": ("CC0-1.0", "CC0Textures, Gravel04"),
    "coins.png": ("No known copyright restrictions", "Brooklyn Museum"),
    "phantom.png": ("BSD-3-Clause", "scikit-image; after Shepp and Logan, 1974"),
}


def _installed(module: str, *parts: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{module} is not installed; pip install -r requirements-render.txt")
    return Path(spec.origin).parent.joinpath(*parts)


def _unpack(key: str, sources: Path) -> Path:
    """Download and unpack one Debian package, unless that was done before."""
    package = DEBIAN[key].package.split()[0]
    folder = sources / package
    if not folder.is_dir():
        subprocess.run(["apt-get", "download", package], cwd=sources, check=True)
        file = next(sources.glob(f"{package}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", str(file), str(folder)], check=True)
    return folder


def _grey(pixels: Any) -> Image.Image:
    """Show 0.5–99.5 % of the values of a medical image as 8-bit grey."""
    low, high = np.percentile(pixels, [0.5, 99.5])
    scaled = np.clip((pixels.astype(float) - low) / (high - low), 0.0, 1.0)
    return Image.fromarray((scaled * 255).astype(np.uint8))


def _dicom(path: Path, target: Path) -> None:
    import pydicom

    pixels = pydicom.dcmread(path).pixel_array
    image = Image.fromarray(pixels) if pixels.ndim == 3 else _grey(pixels)
    image.save(target, optimize=True)


def _real(row: dict[str, str], sources: Path, images: Path) -> dict[str, str]:
    """Copy or convert one selected image; return its row of the manifest."""
    target = images / row["file_name"]
    changes = ""
    key = row["source"]
    if key in DEBIAN:
        source = DEBIAN[key]
        shutil.copyfile(
            f"{_unpack(key, sources)}/{source.folder}{_joint(key)}{row['path']}", target
        )
        package, name = f"{source.package}: {row['path']}", source.name
        licence, attribution = source.licence, source.attribution
    elif key == "skimage-data":
        shutil.copyfile(_installed("skimage", "data", row["path"]), target)
        package, name = f"scikit-image 0.26.0: skimage/data/{row['path']}", "scikit-image data"
        licence, attribution = _SKIMAGE_DATA[row["path"]]
    else:
        _dicom(_installed("pydicom", "data", "test_files", row["path"]), target)
        package, name = f"pydicom 3.0.2: data/test_files/{row['path']}", "pydicom test files"
        licence, attribution = "MIT", "Darcy Mason and pydicom contributors"
        changes = "DICOM pixels shown as 8-bit PNG"
    return {
        **{column: row.get(column, "") for column in COLUMNS},
        "source": name, "source_url_or_package": package, "licence": licence,
        "attribution": attribution, "changes": changes,
    }  # fmt: skip


def _joint(key: str) -> str:
    """The galleries' prefix is part of the file name; Astropy's figures lie in folders."""
    return "/" if key == "astropy" else ""


def _rendered(row: dict[str, str], images: Path) -> dict[str, str]:
    """Draw one figure; return its row of the manifest."""
    from pipelines.scoring.figures import render

    image, _ = render(row["kind"], int(row["seed"]), parse_flaws(row["flaws"]))
    image.save(images / row["file_name"], optimize=True, quality=88)
    return {
        **{column: row.get(column, "") for column in COLUMNS},
        "source": "rendered for this demo",
        "source_url_or_package": f"pipelines.scoring.figures: {row['kind']}, seed {row['seed']}",
        "licence": "CC0-1.0",
        "attribution": "SIQA annotator",
        "group": f"rendered-{row['kind']}-{row['seed']}",
    }


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(name: str, columns: tuple[str, ...], rows: Iterator[dict[str, Any]]) -> None:
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _licences(sources: Path) -> None:
    """Put the licence texts of all sources beside the images."""
    folder = HERE / "licences"
    folder.mkdir(exist_ok=True)
    for key in DEBIAN:
        package = DEBIAN[key].package.split()[0]
        shutil.copyfile(
            _unpack(key, sources) / _DOC / package / "copyright", folder / f"{package}.txt"
        )
    for module, pattern in (("skimage", "scikit_image-*"), ("pydicom", "pydicom-*")):
        info = next(_installed(module).parent.glob(f"{pattern}.dist-info"))
        shutil.copyfile(next(info.rglob("LICENSE*")), folder / f"{module}.txt")


def main() -> None:
    """Make `images/`, `manifest.csv`, `truth.csv` and `licences/` again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=Path, required=True, help="folder for the packages")
    sources: Path = parser.parse_args().sources.resolve()
    sources.mkdir(parents=True, exist_ok=True)
    images = HERE / "images"
    shutil.rmtree(images, ignore_errors=True)
    images.mkdir()
    selected, rendered = _rows("selection.csv"), _rows("rendered.csv")
    manifest = [_real(row, sources, images) for row in selected]
    manifest += [_rendered(row, images) for row in rendered]
    _write("manifest.csv", COLUMNS, iter(manifest))
    truth = (
        {**row, **{k: f"{v:.3f}" for k, v in quality_of(parse_flaws(row["flaws"])).items()}}
        for row in (*selected, *rendered)
    )
    _write("truth.csv", ("file_name", "category", "flaws", *DIMENSIONS), truth)
    _licences(sources)


if __name__ == "__main__":
    main()
