"""Everything that is read from the database, as pyarrow tables or small mappings."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pyarrow as pa

from annotator.store.index import applied_position
from schemas.errors import UserError
from schemas.layout import StudyFolder
from schemas.migrations import FACT_TABLES
from schemas.study import Study

__all__ = ["Reads"]


class Reads:
    """The read side of a study; a live store and a snapshot share it.

    Column lists are in ARCHITECTURE.md, "Tables the store gives".
    """

    folder: StudyFolder
    study: Study

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor of its own that sees every acknowledged fact."""
        raise NotImplementedError

    def table(self, query: str, parameters: list[Any] | None = None) -> pa.Table:
        """Run a query of this folder and return its rows."""
        cursor = self.connection()
        try:
            return cursor.sql(query, params=parameters or []).to_arrow_table()
        finally:
            cursor.close()

    def rows(self, query: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        """Run a query of this folder and return its rows as dicts."""
        rows: list[dict[str, Any]] = self.table(query, parameters).to_pylist()
        return rows

    # -- the study ---------------------------------------------------------------------

    def founded(self) -> dict[str, Any]:
        """Return study, study_id and salt of the first fact."""
        return self.rows("SELECT study, study_id, salt FROM founded ORDER BY seq LIMIT 1")[0]

    def settings(self) -> dict[str, str]:
        """Return the settings that hold."""
        found = self.rows("SELECT key, arg_max(value, seq) AS value FROM settings GROUP BY key")
        return {row["key"]: row["value"] for row in found}

    def position(self) -> tuple[int, int]:
        """Return number and journal end of the last fact in the database."""
        cursor = self.connection()
        try:
            return applied_position(cursor)
        finally:
            cursor.close()

    def counts(self) -> dict[str, int]:
        """Return how many stimuli, raters, submissions, ratings, texts and removals there are."""
        return self.rows(
            """SELECT
                (SELECT count(*) FROM stimuli) AS stimuli,
                (SELECT count(*) FROM retired_stimuli) AS retired,
                (SELECT count(DISTINCT rater) FROM raters) AS raters,
                (SELECT count(*) FROM kept_submissions) AS submissions,
                (SELECT coalesce(sum(len(scores)), 0)::BIGINT FROM kept_submissions) AS ratings,
                (SELECT coalesce(sum(n_feedback), 0)::BIGINT FROM kept_submissions) AS feedback,
                (SELECT count(*) FROM removals) AS removed"""
        )[0]

    def table_as_of(self, name: str, seq: int) -> pa.Table:
        """Return the rows of a fact table up to fact number `seq`.

        Raises:
            UserError: `unknown_table`.
        """
        if name not in FACT_TABLES:
            raise UserError(
                "unknown_table",
                f"There is no table '{name}' here; a server of another version than the command "
                "is running: restart it.",
                status=404,
            )
        cursor = self.connection()
        try:
            upto = duckdb.ColumnExpression("seq") <= duckdb.ConstantExpression(seq)
            return cursor.table(name).filter(upto).to_arrow_table()
        finally:
            cursor.close()

    # -- stimuli -----------------------------------------------------------------------

    def stimuli(self) -> pa.Table:
        """Return one row a stimulus, in the order of import."""
        return self.table(
            """SELECT s.stimulus, s.file_name, coalesce(g.source_path, s.file_name) AS source_path,
                s.sha256, s.suffix, s.format, s.width, s.height, s.n_bytes, s.mode, s.n_pages,
                s.phash, s.rendition, coalesce(d.details, '{}') AS details,
                s.stimulus IN (SELECT stimulus FROM retired_stimuli) AS is_retired
            FROM stimuli s
            LEFT JOIN (SELECT stimulus, arg_min(source_path, seq) AS source_path
                       FROM sightings GROUP BY stimulus) g USING (stimulus)
            LEFT JOIN (SELECT stimulus, any_value("values") AS details
                       FROM descriptions GROUP BY stimulus HAVING count(*) = 1
                       UNION ALL
                       SELECT stimulus, list_reduce(list("values" ORDER BY seq),
                              lambda a, b: json_merge_patch(a, b))::VARCHAR AS details
                       FROM descriptions WHERE stimulus IN (SELECT stimulus FROM descriptions
                                                            GROUP BY stimulus HAVING count(*) > 1)
                       GROUP BY stimulus) d USING (stimulus)
            ORDER BY s.seq"""
        )

    def stimulus(self, stimulus: str) -> dict[str, Any] | None:
        """Return one stimulus with its hash and sizes, or None."""
        found = self.rows(
            """SELECT stimulus, sha256, suffix, format, width, height, n_bytes, mode, n_pages,
                rendition, file_name, recorded_at FROM stimuli WHERE stimulus = ?""",
            [stimulus],
        )
        return found[0] if found else None

    def known_hashes(self) -> dict[str, str]:
        """Return SHA-256 -> stimulus for every stimulus."""
        return {
            r["sha256"]: r["stimulus"] for r in self.rows("SELECT sha256, stimulus FROM stimuli")
        }

    def names(self) -> pa.Table:
        """Return `name, stimulus`: every name a stimulus goes by."""
        return self.table(
            """SELECT DISTINCT name, stimulus FROM (
                SELECT stimulus AS name, stimulus FROM stimuli
                UNION ALL SELECT file_name, stimulus FROM sightings
                UNION ALL SELECT source_path, stimulus FROM sightings
                UNION ALL SELECT relative_path, stimulus FROM sightings)
            ORDER BY ALL"""
        )

    def sightings_of(self, stimulus: str) -> list[dict[str, Any]]:
        """Return the paths a stimulus came under."""
        return self.rows(
            """SELECT file_name, source_path, relative_path, min(recorded_at) AS recorded_at
            FROM sightings WHERE stimulus = ?
            GROUP BY ALL ORDER BY recorded_at, source_path""",
            [stimulus],
        )

    def sighted_paths(self) -> set[tuple[str, str, str]]:
        """Return (stimulus, source_path, relative_path) of every sighting."""
        found = self.rows("SELECT DISTINCT stimulus, source_path, relative_path FROM sightings")
        return {(r["stimulus"], r["source_path"], r["relative_path"]) for r in found}

    def details_of(self, stimulus: str) -> dict[str, Any]:
        """Return the manifest's columns of a stimulus; later values replace earlier ones."""
        details: dict[str, Any] = {}
        for row in self.rows(
            'SELECT "values" FROM descriptions WHERE stimulus = ? ORDER BY seq', [stimulus]
        ):
            details.update(json.loads(row["values"]))
        return details

    def detail(self, column: str) -> dict[str, str]:
        """Return stimulus -> text of a manifest column, where it has one."""
        table = self.stimuli().select(["stimulus", "details"]).to_pydict()
        values = {
            stimulus: json.loads(details).get(column)
            for stimulus, details in zip(table["stimulus"], table["details"], strict=True)
        }
        return {stimulus: str(value) for stimulus, value in values.items() if value is not None}

    # -- ratings -----------------------------------------------------------------------

    def ratings(self) -> pa.Table:
        """Return the ratings that count, one row each, in the order they came."""
        return self.table(
            """SELECT submission, stimulus, rater, dimension, score, rated_at, session, arm,
                probability, is_late FROM ratings ORDER BY seq"""
        )

    def removed(self) -> pa.Table:
        """Return the ratings that curators' decisions took out, why and by whom."""
        return self.table(
            """SELECT s.submission, s.stimulus, s.rater, unnest(s.dimensions) AS dimension,
                unnest(s.scores) AS score,
                CASE r.action WHEN 'void' THEN 'submission voided'
                     WHEN 'exclude' THEN 'rater excluded' ELSE 'stimulus retired' END
                || ': ' || r.reason AS reason, r.author,
                r.decision, s.rated_at, s.session, s.arm, s.probability
            FROM current_submissions s JOIN removals r USING (submission) ORDER BY s.seq"""
        )

    def feedback(self) -> pa.Table:
        """Return every text of the submissions that count."""
        return self.table(
            """SELECT f.submission, f.stimulus, f.rater, f.dimension, f.text,
                s.rated_at AS written_at
            FROM feedback f JOIN kept_submissions s USING (submission)
            ORDER BY f.seq, f.position"""
        )

    def all_feedback(self) -> pa.Table:
        """Return every text of current submissions, removed ones too; columns as `feedback`."""
        return self.table(
            """SELECT f.submission, f.stimulus, f.rater, f.dimension, f.text,
                s.rated_at AS written_at
            FROM feedback f JOIN current_submissions s USING (submission)
            ORDER BY f.seq, f.position"""
        )

    def submissions(self) -> pa.Table:
        """Return current submissions without their answers, in the order they came."""
        return self.table(
            """SELECT submission, stimulus, rater, duration_ms, is_late, session, arm,
                probability, rated_at FROM current_submissions ORDER BY seq"""
        )

    def sightings(self) -> pa.Table:
        """Return every path that every stimulus came under."""
        return self.table(
            """SELECT DISTINCT stimulus, file_name, source_path, relative_path
            FROM sightings ORDER BY ALL"""
        )

    def submission_answers(self) -> list[dict[str, Any]]:
        """Return submission, dimensions and scores of every submission."""
        return self.rows("SELECT submission, dimensions, scores FROM submissions")

    def submissions_of(self, stimulus: str) -> list[dict[str, Any]]:
        """Return all submissions about a stimulus, corrected and removed ones too."""
        return self.rows(
            """SELECT s.submission, s.rater, s.dimensions, s.scores, s.rated_at, s.duration_ms,
                s.is_late, s.arm, s.corrects, r.decision, r.action, r.author, r.reason,
                s.submission IN (SELECT corrects FROM submissions WHERE corrects IS NOT NULL)
                    AS is_corrected,
                (SELECT list(f.text ORDER BY f.position) FROM feedback f
                 WHERE f.submission = s.submission) AS texts
            FROM submissions s LEFT JOIN removals r USING (submission)
            WHERE s.stimulus = ? ORDER BY s.seq""",
            [stimulus],
        )

    def submission(self, submission: str) -> dict[str, Any] | None:
        """Return one submission with its answers, or None."""
        found = self.rows(
            """SELECT submission, rater, stimulus, dimensions, scores, assignment, client_id,
                corrects, session, arm, probability, rated_at
            FROM submissions WHERE submission = ?""",
            [submission],
        )
        return found[0] if found else None

    def texts_of(self, submission: str) -> list[dict[str, Any]]:
        """Return dimension and text of a submission's feedback, in order."""
        return self.rows(
            "SELECT dimension, text FROM feedback WHERE submission = ? ORDER BY position",
            [submission],
        )

    def recent_submissions(self, rater: str, limit: int) -> list[dict[str, Any]]:
        """Return a rater's last current submissions made here, newest first."""
        return self.rows(
            """SELECT submission, stimulus, assignment, arm, probability, n_feedback
            FROM kept_submissions WHERE rater = ? AND assignment IS NOT NULL
            ORDER BY seq DESC LIMIT ?""",
            [rater, limit],
        )

    def submission_ids(self) -> set[str]:
        """Return the ids of all submissions."""
        return {r["submission"] for r in self.rows("SELECT submission FROM submissions")}

    # -- people ------------------------------------------------------------------------

    def raters(self) -> list[dict[str, Any]]:
        """Return everybody: rater, role, expertise, login, enabled, claimed, n_submissions."""
        return self.rows(
            """SELECT r.rater, arg_max(r.role, r.seq) AS role,
                arg_max(r.expertise, r.seq) AS expertise, bool_or(r.login) AS login,
                coalesce((SELECT arg_max(a.enabled, a.seq) FROM access a
                          WHERE a.rater = r.rater), true) AS enabled,
                r.rater IN (SELECT rater FROM claims) AS claimed,
                coalesce(any_value(k.n), 0) AS submissions,
                coalesce(any_value(k.texts), 0)::BIGINT AS texts,
                any_value(l.at) AS last_submission_at
            FROM raters r
            LEFT JOIN (SELECT rater, count(*) AS n, sum(n_feedback) AS texts
                       FROM kept_submissions GROUP BY rater) k USING (rater)
            LEFT JOIN (SELECT rater, max(recorded_at) AS at FROM submissions GROUP BY rater) l
                USING (rater)
            GROUP BY r.rater ORDER BY min(r.seq)"""
        )

    def invites(self) -> list[dict[str, Any]]:
        """Return rater, token_sha256 and whether used, oldest first."""
        return self.rows(
            """SELECT rater, token_sha256,
                token_sha256 IN (SELECT token_sha256 FROM claims) AS used
            FROM invites ORDER BY seq"""
        )

    # -- curators' decisions -----------------------------------------------------------

    def decisions(self) -> pa.Table:
        """Return every decision, whether it was taken back, by whom and why."""
        return self.table(
            """SELECT d.decision, d.action, d.target, d.author, d.reason, d.recorded_at AS at,
                r.decision IS NOT NULL AS is_reversed, r.author AS reversed_by,
                r.reason AS reversed_reason, r.recorded_at AS reversed_at
            FROM decisions d LEFT JOIN reversals r USING (decision) ORDER BY d.seq"""
        )

    # -- runs --------------------------------------------------------------------------

    def runs(self) -> list[dict[str, Any]]:
        """Return the named runs: run, seq, recorded_at, method, options, as_of, facts."""
        found = self.rows("SELECT * FROM current_runs ORDER BY seq")
        return [{**row, "options": json.loads(row["options"])} for row in found]

    def run_scores(self, run_seq: int) -> pa.Table:
        """Return the kept scores of a run; empty where they must be computed again."""
        return self.table(
            """SELECT stimulus, dimension, n, mos, sos, ci95, ci95_low, ci95_high
            FROM run_scores WHERE run_seq = ?""",
            [run_seq],
        )

    # -- the queue ---------------------------------------------------------------------

    def queue_counts(self) -> pa.Table:
        """Return submissions and submissions with text that count, for each stimulus."""
        return self.table(
            """SELECT stimulus, count(*) AS n, count_if(n_feedback > 0)::BIGINT AS n_text
            FROM kept_submissions GROUP BY stimulus"""
        )

    def retired_stimuli(self) -> pa.ChunkedArray:
        """Return the ids of retired stimuli."""
        return self.table("SELECT stimulus FROM retired_stimuli")["stimulus"]

    def excluded_raters(self) -> frozenset[str]:
        """Return the raters whose submissions do not count."""
        found = self.rows("SELECT DISTINCT target FROM standing_decisions WHERE action = 'exclude'")
        return frozenset(row["target"] for row in found)

    def rated_pairs(self) -> pa.Table:
        """Return every (rater, stimulus) that was ever submitted or skipped."""
        return self.table(
            """SELECT DISTINCT rater, stimulus FROM (
                SELECT rater, stimulus FROM submissions
                UNION ALL SELECT rater, stimulus FROM skips)"""
        )

    def open_assignments(self) -> list[dict[str, Any]]:
        """Return assignments neither submitted nor skipped, oldest first."""
        return self.rows(
            """SELECT assignment, rater, stimulus, arm, probability, session, asked, corrects,
                recorded_at
            FROM assignments
            WHERE assignment NOT IN
                (SELECT assignment FROM submissions WHERE assignment IS NOT NULL)
              AND assignment NOT IN (SELECT assignment FROM skips)
            ORDER BY seq"""
        )

    def client_ids(self) -> pa.Table:
        """Return rater, client_id, submission, assignment of submissions made here."""
        return self.table(
            """SELECT rater, client_id, submission, assignment FROM submissions
            WHERE client_id IS NOT NULL"""
        )

    def submission_totals(self) -> list[dict[str, Any]]:
        """Return how many current submissions each rater has."""
        return self.rows("SELECT rater, count(*) AS n FROM current_submissions GROUP BY rater")

    def last_activity(self) -> list[dict[str, Any]]:
        """Return each rater's last session and when it was last active."""
        return self.rows(
            """SELECT rater, max(try_cast(session AS INTEGER)) AS session,
                max(recorded_at) AS recorded_at,
                count_if(session = last_session AND corrects IS NULL)::BIGINT AS n_in_session
            FROM (SELECT rater, session, recorded_at, corrects,
                    arg_max(session, seq) OVER (PARTITION BY rater) AS last_session
                  FROM submissions WHERE assignment IS NOT NULL)
            GROUP BY rater"""
        )
