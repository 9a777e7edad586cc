"""Time and fresh ids: the only place that reads the clock or the system's randomness."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

__all__ = ["fresh_id", "fresh_token", "iso", "now"]


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Return a time as facts keep it: ISO 8601, microseconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_iso(text: str) -> datetime:
    """Return the time that `iso` wrote."""
    return datetime.fromisoformat(text)


def fresh_id(prefix: str) -> str:
    """Return an id nobody has: `prefix` and 16 random hex digits."""
    return f"{prefix}{secrets.token_hex(8)}"


def fresh_token() -> str:
    """Return a secret for a link: 32 random bytes, safe in a URL."""
    return secrets.token_urlsafe(32)
