"""Croissant 1.0: what a data set holds, in JSON-LD that search engines and loaders read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from exports.package import FileEntry
from schemas.study import Study

__all__ = ["croissant"]

# The context that the specification prescribes, http://mlcommons.org/croissant/1.0
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_KINDS = {pa.string(): "sc:Text", pa.int64(): "sc:Integer", pa.float64(): "sc:Float"}


def croissant(
    study: Study, files: Mapping[str, FileEntry], schemas: Mapping[str, pa.Schema]
) -> dict[str, Any]:
    """Return the metadata of the Parquet files of a package.

    Args:
        study: Its name and title are the data set's.
        files: Files of the package.
        schemas: Folder with a final `/` -> columns of the Parquet files in it.
    """
    tables = {
        path: (entry, schema)
        for folder, schema in schemas.items()
        for path, entry in sorted(files.items())
        if path.startswith(folder)
    }
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": study.name,
        "description": f"{study.title}: images with mean opinion scores of expert raters.",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": path,
                "name": path,
                "contentUrl": path,
                "contentSize": f"{entry.n_bytes} B",
                "encodingFormat": "application/x-parquet",
                "sha256": entry.sha256,
            }
            for path, (entry, _) in tables.items()
        ],
        "recordSet": [_record_set(path, schema) for path, (_, schema) in tables.items()],
    }


def _record_set(path: str, schema: pa.Schema) -> dict[str, Any]:
    name = path.removeprefix("data/").removesuffix(".parquet")
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [_field(name, path, field) for field in schema],
    }


def _field(name: str, path: str, field: pa.Field) -> dict[str, Any]:
    is_image, is_list = pa.types.is_struct(field.type), pa.types.is_list(field.type)
    source: dict[str, Any] = {"fileObject": {"@id": path}, "extract": {"column": field.name}}
    if is_image:
        source["transform"] = {"jsonPath": "bytes"}
    kind = field.type.value_type if is_list else field.type
    described = {
        "@type": "cr:Field",
        "@id": f"{name}/{field.name}",
        "name": field.name,
        "dataType": "sc:ImageObject" if is_image else _KINDS[kind],
        "source": source,
    }
    return {**described, "repeated": True} if is_list else described
