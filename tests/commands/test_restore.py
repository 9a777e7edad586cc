"""`export csv`, imported into a new study, exported again: the same study."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotator.images_import import import_into
from annotator.questions_import import draft_of, question_facts
from annotator.results import export_source
from annotator.store import open_study
from exports.formats import write_export
from exports.source import ExportOptions
from schemas.errors import UserError
from schemas.facts import Decided, Described, Feedback, RaterAdded, Reversed, Submitted
from schemas.question import LETTERS, QUESTION_TYPES, Question
from tests.commands.conftest import Command
from tests.conftest import found, make_images
from tests.store.making import AT, DIMENSIONS

SAME = ("stimuli.csv", "ratings.csv", "feedback.csv", "decisions.csv")
N_IMAGES = 4

texts = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\x00\r"), min_size=1, max_size=30
)
names = st.sampled_from(["Ada", "007", "1e5", 'Zoë, née "Q"', "=1+1", " x", "R-0123abcd"])


def folded(text: str) -> str:
    return " ".join(text.split())


@st.composite
def histories(draw: st.DrawFn) -> list[Any]:
    """Draw facts that could have happened: people, submissions, corrections, decisions."""
    people = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    facts: list[Any] = [RaterAdded(AT, name, "rater", ("optics",)) for name in people]
    submissions: list[tuple[str, str, int]] = []
    pairs = draw(
        st.lists(
            st.tuples(st.sampled_from(people), st.integers(0, N_IMAGES - 1)),
            max_size=8,
            unique=True,
        )
    )
    for n, (rater, place) in enumerate(pairs):
        corrects = None
        for _ in range(draw(st.sampled_from([1, 1, 1, 2]))):
            name = f"r{len(submissions):02}{n}"
            given_texts = draw(st.lists(texts.filter(str.strip), max_size=2))
            dimension = draw(st.sampled_from([None, "clarity"]))
            facts.append(
                Submitted(
                    AT, name, rater, str(place),
                    {d: draw(st.integers(1, 5)) for d in DIMENSIONS},
                    tuple(Feedback(text, dimension) for text in given_texts),
                    assignment=draw(st.sampled_from([None, f"a{name}"])),
                    duration_ms=draw(st.sampled_from([None, 4200])),
                    late=draw(st.booleans()),
                    session=draw(st.sampled_from([None, "1", "evening"])),
                    arm=draw(st.sampled_from([None, "random"])),
                    probability=draw(st.sampled_from([None, 0.1, 1 / 3])),
                    corrects=corrects,
                    rated_at=draw(st.sampled_from([None, AT, "2025-12-31"])),
                )
            )  # fmt: skip
            submissions.append((name, rater, place))
            corrects = name
    for n in range(draw(st.integers(0, 3))):
        action = draw(st.sampled_from(["void", "exclude", "retire"]))
        target = {
            "void": st.sampled_from([s for s, _, _ in submissions] or ["r-none"]),
            "exclude": st.sampled_from(people),
            "retire": st.integers(0, N_IMAGES - 1).map(str),
        }[action]
        facts.append(Decided(AT, f"d{n}", action, draw(target), "Cura", draw(texts)))
        if draw(st.booleans()):
            facts.append(Reversed(AT, f"d{n}", "Cura", "so"))
    kinds = st.sampled_from(QUESTION_TYPES)
    pairs_of_options = st.lists(texts.filter(str.strip), min_size=2, max_size=4, unique_by=folded)
    for n in range(draw(st.integers(0, 2))):
        options = tuple(draw(pairs_of_options))
        letter = draw(st.sampled_from(LETTERS[: len(options)]))
        about = (draw(texts.filter(str.strip)), options, letter, draw(texts))
        stimulus = str(draw(st.integers(0, N_IMAGES - 1)))
        facts.append(Question(f"q{n}", stimulus, draw(kinds), *about, dimension="clarity"))
    if draw(st.booleans()):
        facts.append(Described(AT, "0", {"class": draw(texts), "year": draw(st.integers(0, 3000))}))
    return facts


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A study with images and one without."""
    base = tmp_path_factory.mktemp("restore")
    found(base / "with", make_images(base / "images", N_IMAGES))
    found(base / "without")
    return base / "with", base / "without"


def with_ids(facts: list[Any], stimuli: list[str]) -> list[Any]:
    """Put the ids of real stimuli for the numbers that were drawn."""
    from dataclasses import replace

    done = []
    for fact in facts:
        if isinstance(fact, Submitted | Described):
            fact = replace(fact, stimulus=stimuli[int(fact.stimulus)])
        elif isinstance(fact, Decided) and fact.action == "retire":
            fact = replace(fact, target=stimuli[int(fact.target)])
        done.append(fact)
    return done


def exported(root: Path, out: Path, *, with_names: bool) -> dict[str, str]:
    """Export; return the files that must be equal."""
    with open_study(root) as study:
        source = export_source(study)
    write_export("csv", source, out, ExportOptions(with_names=with_names))
    names = (*SAME, "removed.csv", "questions.csv")
    return {name: (out / name).read_bytes().decode() for name in names if (out / name).exists()}


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(facts=histories(), with_names=st.booleans())
def test_round_trip(empty: tuple[Path, Path], facts: list[Any], with_names: bool) -> None:
    base = Path(tempfile.mkdtemp(prefix="restore-"))
    try:
        first, second = base / "first", base / "second"
        shutil.copytree(empty[0], first)
        shutil.copytree(empty[1], second)
        with open_study(first) as study:
            stimuli = study.stimuli()["stimulus"].to_pylist()
            study.append(with_ids([f for f in facts if not isinstance(f, Question)], stimuli))
            asked = [q for q in facts if isinstance(q, Question)]
            drafts = [(stimuli[int(q.stimulus)], draft_of(q, "csv", 0)) for q in asked]
            study.append(question_facts(study, drafts, "here")[0])
        before = exported(first, base / "one", with_names=with_names)
        with open_study(second) as study:
            report = import_into(study, [base / "one"], None, "")
        # Questions about retired images are not exported.
        rows = list(csv.DictReader(io.StringIO(before.get("questions.csv", ""), newline="")))
        assert (report["added"], report["questions"]) == (N_IMAGES, len(rows))
        assert exported(second, base / "two", with_names=with_names) == before
        # Once more into the same study: nothing new.
        with open_study(second) as study:
            seq, _ = study.position()
            again = import_into(study, [base / "one"], None, "csv")
        assert [again[k] for k in ("added", "ratings", "decisions", "questions")] == [0] * 4
        with open_study(second) as study:
            assert study.position()[0] == seq
    finally:
        shutil.rmtree(base)


def test_what_the_study_does_not_rate_is_refused(
    command: Command, founded: Path, tmp_path: Path
) -> None:
    with open_study(shutil.copytree(founded, tmp_path / "first")) as study:
        one = study.stimuli()["stimulus"][0].as_py()
        scores = dict.fromkeys(DIMENSIONS, 5)
        study.append([RaterAdded(AT, "A", "rater"), Submitted(AT, "r1", "A", one, scores)])
    command("export", "csv", "--out", tmp_path / "out", data=tmp_path / "first")
    text = (founded / "study.toml").read_text()
    for bad in (
        text.replace("conformity", "beauty"),
        text.replace('  { score = 5, label = "Excellent" },\n', "").replace("\n5 = ", "\n# "),
    ):
        (tmp_path / "other.toml").write_text(bad)
        shutil.rmtree(tmp_path / "other", ignore_errors=True)
        made = command(
            "study", "init", "--preset", tmp_path / "other.toml", data=tmp_path / "other"
        )
        assert made.code == 0, made.err
        refused = command("import", tmp_path / "out", "--json", data=tmp_path / "other")
        assert refused.code == 1, refused.out
        assert refused.document["error"]["code"] in ("unknown_dimension", "invalid_score")


def test_an_export_without_images_needs_them(
    command: Command, founded: Path, tmp_path: Path
) -> None:
    command("export", "csv", "--out", tmp_path / "out", "--no-images", data=founded)
    found(tmp_path / "new")
    with open_study(tmp_path / "new") as study, pytest.raises(UserError) as error:
        import_into(study, [tmp_path / "out"], None, "csv")
    assert error.value.code == "images_missing"


def test_a_pseudonymous_export_names_no_curator(
    command: Command, founded: Path, tmp_path: Path
) -> None:
    with open_study(Path(shutil.copytree(founded, tmp_path / "first"))) as study:
        one = study.stimuli()["stimulus"][0].as_py()
        scores = dict.fromkeys(DIMENSIONS, 5)
        study.append([RaterAdded(AT, "A", "rater"), Submitted(AT, "r1", "A", one, scores)])
        study.append([Decided(AT, "d1", "void", "r1", "Dr. Noether", "slip")])
    command("export", "csv", "--out", tmp_path / "out", data=tmp_path / "first")
    for file in (tmp_path / "out").glob("*.csv"):
        assert "Noether" not in file.read_text(encoding="utf-8"), file.name
