"""Splits that do not leak: groups of related images stay together.

>>> from pipelines.splits import Member, find_links, make_splits
"""

from pipelines.splits.assign import frozen_hash, make_splits
from pipelines.splits.leaks import leak_report
from pipelines.splits.links import Link, Member, find_links

__all__ = ["Link", "Member", "find_links", "frozen_hash", "leak_report", "make_splits"]
