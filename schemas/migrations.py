"""The DuckDB schema as numbered migrations; never edited after release.

Tables hold facts: appended, never updated, without indexes (DuckDB's secondary indexes and
upserts have known faults under load). Every table carries `seq`, the fact's place in the
journal, so that `seq <= n` is a consistent snapshot of all of them.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FACT_TABLES", "MIGRATIONS", "Migration"]


class Migration(NamedTuple):
    """One step from a schema to the next."""

    number: int
    """1, 2, 3, …"""
    name: str
    """What it brings, for people."""
    statements: tuple[str, ...]
    """SQL, run in one transaction together with the record that it ran."""


FACT_TABLES: tuple[str, ...] = (
    "founded", "settings", "stimuli", "sightings", "descriptions", "raters", "invites", "claims",
    "access", "assignments", "submissions", "feedback", "skips", "decisions", "reversals", "runs",
    "discards", "calls", "drafts", "reviews", "batches",
)  # fmt: skip
"""Tables filled from the journal."""

_FIRST = Migration(
    1,
    "facts and the views of what counts",
    (
        "CREATE TABLE applied (seq BIGINT NOT NULL, journal_end BIGINT NOT NULL)",
        """CREATE TABLE founded (
            seq BIGINT, recorded_at VARCHAR, study VARCHAR, study_id VARCHAR, salt VARCHAR)""",
        "CREATE TABLE settings (seq BIGINT, recorded_at VARCHAR, key VARCHAR, value VARCHAR)",
        """CREATE TABLE stimuli (
            seq BIGINT, recorded_at VARCHAR, stimulus VARCHAR, sha256 VARCHAR, file_name VARCHAR,
            suffix VARCHAR, format VARCHAR, width INTEGER, height INTEGER, n_bytes BIGINT,
            mode VARCHAR, n_pages INTEGER, phash VARCHAR, rendition VARCHAR)""",
        """CREATE TABLE sightings (
            seq BIGINT, recorded_at VARCHAR, stimulus VARCHAR, file_name VARCHAR,
            source_path VARCHAR, relative_path VARCHAR)""",
        """CREATE TABLE descriptions (
            seq BIGINT, recorded_at VARCHAR, stimulus VARCHAR, "values" VARCHAR)""",
        """CREATE TABLE raters (
            seq BIGINT, recorded_at VARCHAR, rater VARCHAR, role VARCHAR, expertise VARCHAR[],
            login BOOLEAN)""",
        """CREATE TABLE invites (
            seq BIGINT, recorded_at VARCHAR, rater VARCHAR, token_sha256 VARCHAR)""",
        """CREATE TABLE claims (
            seq BIGINT, recorded_at VARCHAR, rater VARCHAR, token_sha256 VARCHAR)""",
        """CREATE TABLE access (
            seq BIGINT, recorded_at VARCHAR, rater VARCHAR, enabled BOOLEAN, author VARCHAR)""",
        """CREATE TABLE assignments (
            seq BIGINT, recorded_at VARCHAR, assignment VARCHAR, rater VARCHAR, stimulus VARCHAR,
            arm VARCHAR, probability DOUBLE, session VARCHAR, asked VARCHAR[], corrects VARCHAR)""",
        """CREATE TABLE submissions (
            seq BIGINT, recorded_at VARCHAR, submission VARCHAR, rater VARCHAR, stimulus VARCHAR,
            dimensions VARCHAR[], scores DOUBLE[], n_feedback INTEGER, assignment VARCHAR,
            client_id VARCHAR, duration_ms BIGINT, is_late BOOLEAN, session VARCHAR, arm VARCHAR,
            probability DOUBLE, corrects VARCHAR, rated_at VARCHAR, view VARCHAR)""",
        """CREATE TABLE feedback (
            seq BIGINT, recorded_at VARCHAR, submission VARCHAR, rater VARCHAR, stimulus VARCHAR,
            position INTEGER, dimension VARCHAR, text VARCHAR)""",
        """CREATE TABLE skips (
            seq BIGINT, recorded_at VARCHAR, assignment VARCHAR, rater VARCHAR, stimulus VARCHAR,
            reason VARCHAR)""",
        """CREATE TABLE decisions (
            seq BIGINT, recorded_at VARCHAR, decision VARCHAR, action VARCHAR, target VARCHAR,
            author VARCHAR, reason VARCHAR)""",
        """CREATE TABLE reversals (
            seq BIGINT, recorded_at VARCHAR, decision VARCHAR, author VARCHAR, reason VARCHAR)""",
        """CREATE VIEW standing_decisions AS
            SELECT d.* FROM decisions d
            WHERE d.decision NOT IN (SELECT decision FROM reversals)""",
        # The latest correction counts; what it corrects stays in the table as history.
        """CREATE VIEW current_submissions AS
            SELECT s.* FROM submissions s
            WHERE s.submission NOT IN
                (SELECT corrects FROM submissions WHERE corrects IS NOT NULL)""",
        # One row a removed submission; where several decisions hit it the first made is named.
        """CREATE VIEW removals AS
            WITH hits AS (
                SELECT s.submission, d.* FROM current_submissions s
                JOIN standing_decisions d ON d.action = 'void' AND d.target = s.submission
                UNION ALL
                SELECT s.submission, d.* FROM current_submissions s
                JOIN standing_decisions d ON d.action = 'exclude' AND d.target = s.rater
                UNION ALL
                SELECT s.submission, d.* FROM current_submissions s
                JOIN standing_decisions d ON d.action = 'retire' AND d.target = s.stimulus)
            SELECT submission, arg_min(decision, seq) AS decision, arg_min(action, seq) AS action,
                   arg_min(author, seq) AS author, arg_min(reason, seq) AS reason
            FROM hits GROUP BY submission""",
        """CREATE VIEW kept_submissions AS
            SELECT s.* FROM current_submissions s
            WHERE s.submission NOT IN (SELECT submission FROM removals)""",
        """CREATE VIEW retired_stimuli AS
            SELECT DISTINCT target AS stimulus FROM standing_decisions WHERE action = 'retire'""",
        """CREATE VIEW ratings AS
            SELECT seq, submission, stimulus, rater, unnest(dimensions) AS dimension,
                   unnest(scores) AS score, rated_at, session, arm, probability, is_late
            FROM kept_submissions""",
    ),
)

_RUNS = Migration(
    2,
    "named runs of opinion scores",
    (
        """CREATE TABLE runs (
            seq BIGINT, recorded_at VARCHAR, run VARCHAR, method VARCHAR, options VARCHAR,
            as_of BIGINT, facts VARCHAR)""",
        "CREATE TABLE discards (seq BIGINT, recorded_at VARCHAR, run VARCHAR)",
        # Computed, not a fact: `as_of` and `facts` of the run say from what.
        """CREATE TABLE run_scores (
            run_seq BIGINT, stimulus VARCHAR, dimension VARCHAR, n BIGINT, mos DOUBLE, sos DOUBLE,
            ci95 DOUBLE, ci95_low DOUBLE, ci95_high DOUBLE)""",
        """CREATE VIEW current_runs AS
            SELECT run, max(seq) AS seq, arg_max(recorded_at, seq) AS recorded_at,
                   arg_max(method, seq) AS method, arg_max(options, seq) AS options,
                   arg_max(as_of, seq) AS as_of, arg_max(facts, seq) AS facts
            FROM runs r
            GROUP BY run
            HAVING max(seq) > coalesce(
                (SELECT max(d.seq) FROM discards d WHERE d.run = r.run), 0)""",
    ),
)

_QUESTIONS = Migration(
    3,
    "calls of models, drafts, reviews",
    (
        """CREATE TABLE calls (
            seq BIGINT, recorded_at VARCHAR, call VARCHAR, purpose VARCHAR, subject VARCHAR,
            round INTEGER, prompt VARCHAR, model VARCHAR, parameters VARCHAR, outcome VARCHAR,
            raw VARCHAR, tokens_in BIGINT, tokens_out BIGINT, cost_usd DOUBLE,
            duration_ms BIGINT, attempts INTEGER, detail VARCHAR)""",
        """CREATE TABLE drafts (
            seq BIGINT, recorded_at VARCHAR, draft VARCHAR, stimulus VARCHAR, submission VARCHAR,
            body VARCHAR, verdicts VARCHAR, is_kept BOOLEAN, call VARCHAR)""",
        """CREATE TABLE reviews (
            seq BIGINT, recorded_at VARCHAR, draft VARCHAR, reviewer VARCHAR, verdict VARCHAR,
            reason VARCHAR, changes VARCHAR, batch VARCHAR)""",
        # A draft keeps the place where it was first made: dealing goes by it.
        """CREATE VIEW current_drafts AS
            SELECT draft, min(seq) AS first_seq, max(seq) AS seq,
                   arg_max(stimulus, seq) AS stimulus,
                   arg_max(submission, seq) AS submission, arg_max(body, seq) AS body,
                   arg_max(verdicts, seq) AS verdicts, arg_max(is_kept, seq) AS is_kept,
                   arg_max(call, seq) AS call
            FROM drafts GROUP BY draft""",
    ),
)

_AUTHORS = Migration(
    4,
    "who changed a setting",
    ("ALTER TABLE settings ADD COLUMN author VARCHAR DEFAULT ''",),
)

_BATCHES = Migration(
    5,
    "requests handed over in batches",
    (
        """CREATE TABLE batches (
            seq BIGINT, recorded_at VARCHAR, batch VARCHAR, status VARCHAR, remote VARCHAR,
            purpose VARCHAR, prompt VARCHAR, model VARCHAR, requests VARCHAR[], detail VARCHAR)""",
        """CREATE VIEW current_batches AS
            SELECT batch, min(seq) AS first_seq, arg_max(status, seq) AS status,
                   max(remote) AS remote, max(purpose) AS purpose, max(prompt) AS prompt,
                   max(model) AS model, arg_max(detail, seq) AS detail,
                   max(len(requests)) AS n_requests
            FROM batches GROUP BY batch""",
    ),
)

_STATES = Migration(
    6,
    "the state of every draft, without its body",
    (
        """CREATE VIEW draft_states AS
            WITH latest AS (
                SELECT draft, min(seq) AS first_seq, max(seq) AS seq FROM drafts GROUP BY draft),
            decided AS (
                SELECT draft, arg_max(verdict, seq) AS verdict,
                       list(DISTINCT reviewer) AS reviewers
                FROM reviews GROUP BY draft)
            SELECT d.draft, l.first_seq, d.seq, r.reviewers,
                   CASE WHEN r.verdict IN ('accept', 'edit') THEN 'accepted'
                        WHEN r.verdict = 'reject' THEN 'rejected'
                        WHEN r.verdict = 'send_back' THEN 'sent_back'
                        WHEN d.is_kept THEN 'unreviewed' ELSE 'dropped' END AS state
            FROM latest l JOIN drafts d ON d.seq = l.seq AND d.draft = l.draft
            LEFT JOIN decided r ON r.draft = d.draft
            WHERE d.submission IN (SELECT submission FROM kept_submissions)
                AND d.stimulus NOT IN (SELECT stimulus FROM retired_stimuli)""",
    ),
)

_PUBLISHED = Migration(
    7,
    "published questions, which have no feedback, have a state too",
    (
        """CREATE OR REPLACE VIEW draft_states AS
            WITH latest AS (
                SELECT draft, min(seq) AS first_seq, max(seq) AS seq FROM drafts GROUP BY draft),
            decided AS (
                SELECT draft, arg_max(verdict, seq) AS verdict,
                       list(DISTINCT reviewer) AS reviewers
                FROM reviews GROUP BY draft)
            SELECT d.draft, l.first_seq, d.seq, r.reviewers,
                   CASE WHEN r.verdict IN ('accept', 'edit') THEN 'accepted'
                        WHEN r.verdict = 'reject' THEN 'rejected'
                        WHEN r.verdict = 'send_back' THEN 'sent_back'
                        WHEN d.is_kept THEN 'unreviewed' ELSE 'dropped' END AS state
            FROM latest l JOIN drafts d ON d.seq = l.seq AND d.draft = l.draft
            LEFT JOIN decided r ON r.draft = d.draft
            WHERE (d.submission = '' OR d.submission IN (SELECT submission FROM kept_submissions))
                AND d.stimulus NOT IN (SELECT stimulus FROM retired_stimuli)""",
    ),
)

MIGRATIONS: tuple[Migration, ...] = (
    _FIRST, _RUNS, _QUESTIONS, _AUTHORS, _BATCHES, _STATES, _PUBLISHED,
)  # fmt: skip
"""All migrations, in order."""
