"""What the desk counts: submissions by time, by rater, by stimulus, by score."""

from __future__ import annotations

from typing import Any, Literal

import pyarrow as pa

from annotator.store.reads import Reads

__all__ = [
    "has_split_presentations",
    "is_only_appended",
    "n_ratings_removed",
    "n_submissions_of",
    "opinion_sums",
    "results_position",
    "setting_history",
    "submissions_of_rater",
    "submissions_over_time",
    "submissions_per_stimulus",
    "tally_of_raters",
    "use_of_scale",
]

_WHEN = "coalesce(rated_at, recorded_at)"
_LETTERS = {"day": 10, "hour": 13}
"""How much of an ISO time names the day, the hour."""


def results_position(study: Reads) -> tuple[int, int]:
    """Return the last fact that changes scores, and the last that changes what they are of."""
    row = study.rows(
        """SELECT greatest((SELECT coalesce(max(seq), 0) FROM submissions),
                (SELECT coalesce(max(seq), 0) FROM decisions),
                (SELECT coalesce(max(seq), 0) FROM reversals)) AS scores,
            greatest((SELECT coalesce(max(seq), 0) FROM stimuli),
                (SELECT coalesce(max(seq), 0) FROM sightings),
                (SELECT coalesce(max(seq), 0) FROM descriptions)) AS stimuli"""
    )[0]
    return row["scores"], row["stimuli"]


def opinion_sums(study: Reads, after: int, upto: int) -> pa.Table:
    """Return sums over the submissions that count among the facts after one, up to another.

    Columns: stimulus, n (submissions); and for the dimensions of the study in order, then its
    composites, numbered from 0: n0, mean0, variance0 (divisor n - 1, null below two), … A
    composite counts where a submission has all its parts.

    Args:
        study: The study.
        after: Number of the last fact left out.
        upto: Number of the last fact counted.
    """
    dimensions = study.study.dimension_names
    place = {name: f"d{number}" for number, name in enumerate(dimensions)}
    scores = ", ".join(f"scores[list_position(dimensions, ?)] AS {d}" for d in place.values())
    composites, weights = [], []
    for number, one in enumerate(study.study.composites, len(dimensions)):
        total = " + ".join(f"?::DOUBLE * {place[part]}" for part in one.parts)
        composites.append(f", ({total}) / ? AS d{number}")
        weights += [*one.parts.values(), sum(one.parts.values())]
    spread = "".join(
        f", count(d{k}) AS n{k}, avg(d{k}) AS mean{k}, var_samp(d{k}) AS variance{k}"
        for k in range(len(dimensions) + len(composites))
    )
    return study.table(
        f"""WITH given AS (SELECT stimulus, {scores} FROM kept_submissions
            WHERE seq > ? AND seq <= ?),
        every AS (SELECT *{"".join(composites)} FROM given)
        SELECT stimulus, count(*) AS n{spread} FROM every GROUP BY stimulus""",  # noqa: S608
        [*dimensions, after, upto, *weights],
    )


def is_only_appended(study: Reads, after: int, upto: int) -> bool:
    """Return whether all that changed scores between two facts is submissions that are new."""
    row = study.rows(
        """SELECT (SELECT count(*) FROM submissions
                WHERE corrects IS NOT NULL AND seq > $1 AND seq <= $2)
            + (SELECT count(*) FROM decisions WHERE seq > $1 AND seq <= $2)
            + (SELECT count(*) FROM reversals WHERE seq > $1 AND seq <= $2) AS n""",
        [after, upto],
    )[0]
    return not row["n"]


def has_split_presentations(study: Reads) -> bool:
    """Return whether somebody rated parts of a stimulus in several submissions that count.

    Composites of such ratings cannot be made submission by submission.
    """
    n = len(study.study.dimension_names)
    partial = study.rows("SELECT count(*) AS n FROM submissions WHERE len(scores) < ?", [n])
    if not partial[0]["n"]:
        return False
    split = study.rows(
        """SELECT count(*) AS n FROM (SELECT 1 FROM kept_submissions GROUP BY stimulus, rater
            HAVING count(*) > 1 AND min(len(scores)) < ?)""",
        [n],
    )
    return bool(split[0]["n"])


def setting_history(study: Reads, key: str) -> list[dict[str, Any]]:
    """Return recorded_at, value and author of every change of a setting, oldest first."""
    return study.rows(
        "SELECT recorded_at, value, author FROM settings WHERE key = ? ORDER BY seq", [key]
    )


def n_ratings_removed(study: Reads) -> int:
    """Return how many ratings curators' decisions took out."""
    row = study.rows(
        """SELECT coalesce(sum(len(s.scores)), 0)::BIGINT AS n
        FROM current_submissions s JOIN removals USING (submission)"""
    )[0]
    return int(row["n"])


def n_submissions_of(study: Reads, rater: str) -> int:
    """Return how many submissions a rater made, corrected and removed ones too."""
    row = study.rows("SELECT count(*) AS n FROM submissions WHERE rater = ?", [rater])[0]
    return int(row["n"])


def submissions_over_time(
    study: Reads, unit: Literal["day", "hour"], since: str = "", rater: str | None = None
) -> pa.Table:
    """Return `at, n`: submissions that count per day or hour (UTC), oldest first.

    Args:
        study: The study.
        unit: `day` or `hour`.
        since: ISO time from which they are counted; all where empty.
        rater: Of one rater; of all where None.
    """
    return study.table(
        f"""SELECT substr({_WHEN}, 1, {_LETTERS[unit]}) AS at, count(*) AS n
        FROM kept_submissions WHERE {_WHEN} >= ? AND (? IS NULL OR rater = ?)
        GROUP BY 1 ORDER BY 1""",  # noqa: S608 - both inserts are constants of this file
        [since, rater, rater],
    )


def submissions_per_stimulus(study: Reads) -> pa.Table:
    """Return `n, stimuli`: how many stimuli in use have n submissions that count."""
    return study.table(
        """SELECT coalesce(k.n, 0) AS n, count(*) AS stimuli
        FROM stimuli s LEFT JOIN (SELECT stimulus, count(*) AS n FROM kept_submissions
                                  GROUP BY stimulus) k USING (stimulus)
        WHERE s.stimulus NOT IN (SELECT stimulus FROM retired_stimuli)
        GROUP BY 1 ORDER BY 1"""
    )


def tally_of_raters(study: Reads, since: str) -> list[dict[str, Any]]:
    """Return of everybody with a submission: rater, n, n_recent, duration_ms, first, last.

    Args:
        study: The study.
        since: ISO time from which submissions are recent.
    """
    return study.rows(
        f"""SELECT rater, count(*) AS n, count_if({_WHEN} >= ?)::BIGINT AS n_recent,
            median(duration_ms) AS duration_ms, min({_WHEN}) AS first, max({_WHEN}) AS last
        FROM kept_submissions GROUP BY rater ORDER BY rater""",  # noqa: S608
        [since],
    )


def use_of_scale(study: Reads, rater: str | None = None) -> pa.Table:
    """Return `dimension, score, n` over the current submissions of one rater, or of all."""
    return study.table(
        """SELECT dimension, score, count(*) AS n FROM (
            SELECT unnest(dimensions) AS dimension, unnest(scores) AS score
            FROM current_submissions WHERE ? IS NULL OR rater = ?)
        GROUP BY ALL ORDER BY ALL""",
        [rater, rater],
    )


def submissions_of_rater(study: Reads, rater: str, limit: int, offset: int) -> list[dict[str, Any]]:
    """Return a rater's submissions, newest first, with their texts; columns as `submissions_of`.

    Args:
        study: The study.
        rater: Whose.
        limit: How many at most.
        offset: How many of the newest are left out.
    """
    return study.rows(
        """WITH page AS (SELECT * FROM submissions WHERE rater = ?
            ORDER BY seq DESC LIMIT ? OFFSET ?)
        SELECT s.submission, s.stimulus, i.file_name, s.dimensions, s.scores,
            coalesce(s.rated_at, s.recorded_at) AS at, s.duration_ms,
            s.is_late, r.action, r.author, r.reason,
            s.submission IN (SELECT corrects FROM submissions WHERE corrects IS NOT NULL)
                AS is_corrected,
            f.texts
        FROM page s JOIN stimuli i USING (stimulus)
        LEFT JOIN (SELECT * FROM removals WHERE submission IN (SELECT submission FROM page)) r
            USING (submission)
        LEFT JOIN (SELECT submission, list(text ORDER BY position) AS texts FROM feedback
                   WHERE rater = ? GROUP BY submission) f USING (submission)
        ORDER BY s.seq DESC""",
        [rater, limit, offset, rater],
    )
