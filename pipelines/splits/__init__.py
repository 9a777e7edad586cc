"""Splits that do not leak: groups of related images stay together.

>>> from pipelines.splits import Member, find_links, make_splits
"""

from pipelines.splits.assign import frozen_hash, make_splits
from pipelines.splits.embedding import EMBEDDING_SIZE, gradient_embedding
from pipelines.splits.leaks import leak_report
from pipelines.splits.links import Link, Member, find_links

__all__ = [
    "EMBEDDING_SIZE",
    "Link",
    "Member",
    "find_links",
    "frozen_hash",
    "gradient_embedding",
    "leak_report",
    "make_splits",
]
