"""Names of raters in exports: the same person, recognisable by nobody without the study."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

__all__ = ["pseudonyms"]

_FORM = re.compile(r"R-(?:[0-9a-f]{8}|[0-9a-f]{16})")


def pseudonyms(names: Iterable[str], salt: str) -> dict[str, str]:
    """Return name -> pseudonym: `R-` and 8 hex digits of HMAC-SHA-256(salt, name).

    A name that already has this form is kept, so that an export of an imported export does not
    change. Where two would be equal, they get 16 digits; the order of names does not matter.

    >>> pseudonyms(["R-0123abcd"], "salt")
    {'R-0123abcd': 'R-0123abcd'}
    """
    unique = sorted(set(names))
    kept = {name for name in unique if _FORM.fullmatch(name)}
    digests = {
        name: hmac.new(salt.encode(), name.encode(), hashlib.sha256).hexdigest()
        for name in unique
        if name not in kept
    }
    taken: dict[str, int] = dict.fromkeys(kept, 1)
    for digest in digests.values():
        taken[f"R-{digest[:8]}"] = taken.get(f"R-{digest[:8]}", 0) + 1
    short_or_long = {
        name: f"R-{digest[: 8 if taken[f'R-{digest[:8]}'] == 1 else 16]}"
        for name, digest in digests.items()
    }
    return {name: short_or_long.get(name, name) for name in unique}
