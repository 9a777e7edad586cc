"""Images in: found, checked, kept byte for byte, and made fit to be seen.

>>> from pipelines.intake import intake, read_manifest, sync_folder
"""

from pipelines.intake.flow import intake
from pipelines.intake.keep import sync_folder
from pipelines.intake.manifest import Manifest, read_manifest
from pipelines.intake.records import Batch, Duplicate, Refused, facts_of

__all__ = [
    "Batch",
    "Duplicate",
    "Manifest",
    "Refused",
    "facts_of",
    "intake",
    "read_manifest",
    "sync_folder",
]
