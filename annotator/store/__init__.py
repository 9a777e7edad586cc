"""Journal, database, the one writer. All SQL of the project is in this folder."""

from annotator.store.access import open_study
from annotator.store.reads import Reads
from annotator.store.snapshot import SnapshotStore
from annotator.store.store import Store

__all__ = ["Reads", "SnapshotStore", "Store", "open_study"]
