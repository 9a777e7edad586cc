"""From the names people use to the stimuli they mean."""

from __future__ import annotations

from collections import defaultdict

from annotator.store import Reads
from schemas.errors import UserError
from schemas.text import one_line

__all__ = ["StimulusNames"]


class StimulusNames:
    """Every id, path and file name under which a stimulus was seen."""

    def __init__(self, study: Reads) -> None:
        """Read the names of a study."""
        names = study.names()
        self._stimuli: dict[str, list[str]] = defaultdict(list)
        for name, stimulus in zip(
            names["name"].to_pylist(), names["stimulus"].to_pylist(), strict=True
        ):
            self._stimuli[name].append(stimulus)
        self._paths = study

    def resolve(self, name: str, where: str = "") -> str:
        """Return the stimulus called `name`.

        Args:
            name: Id, path or file name.
            where: Where the name stands, for messages, e.g. `row 7`.

        Raises:
            UserError: `unknown_stimulus`, or `ambiguous_name` listing the candidates.
        """
        found = self._stimuli.get(name, [])
        if name in found:
            return name
        place = f" ({where})" if where else ""
        if not found:
            raise UserError(
                "unknown_stimulus",
                f"No image of this study is called '{one_line(name, 80)}'{place}; import it "
                "first, or correct the name.",
                status=404,
            )
        if len(found) > 1:
            paths = sorted(
                f"{stimulus} ({self._paths.sightings_of(stimulus)[0]['source_path']})"
                for stimulus in found[:6]
            )
            raise UserError(
                "ambiguous_name",
                f"'{one_line(name, 80)}'{place} is the name of {len(found)} different images: "
                f"{', '.join(paths)}; use the id or the path.",
                status=409,
            )
        return found[0]
