"""English clauses into claims."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from pipelines.questions import english_forms as forms
from pipelines.questions.claims import Claim, Thing
from pipelines.questions.english_things import ThingReader, is_place, lower_first
from pipelines.questions.languages import Sentence
from pipelines.questions.lexicon import Lexicon, State
from pipelines.questions.phrases import word_list

__all__ = ["EnglishReader"]


def _with_subjects(parts: Sequence[str]) -> Iterator[str]:
    """Yield parts of a sentence; *but no label* gets the subject of what stands before it."""
    before: re.Match[str] | None = None
    for part in parts:
        plain = forms.LEAD.sub("", part.strip(), count=1)
        ellipsis = forms.ELLIPSIS.fullmatch(plain)
        if ellipsis and before and before["subject"].lower() == "there":
            if not re.search(rf"\s{forms.PLACE})", before.string):
                yield part
        elif ellipsis and before and (before["owns"] or not ellipsis["no"]):
            yield f"{before['subject']} has no {ellipsis['rest']}"
        else:
            yield part
            before = forms.SUBJECT.match(plain) or before


def _placed(thing: Thing, place: str) -> Thing:
    return thing._replace(place=place) if place and not thing.place else thing


class EnglishReader:
    """Reads English sentences."""

    def __init__(self, lexicon: Lexicon, dimensions: Mapping[str, Sequence[str]]) -> None:
        """Compile the patterns for a lexicon and the study's names of dimensions."""
        self._lexicon = lexicon
        self._dimension_of = {
            name.lower(): dimension
            for dimension, names in dimensions.items()
            for name in names
            if name.isascii()
        }
        self._things = ThingReader(lexicon)
        self._predicates = [
            (state, re.compile(f"{forms.ADVERB}{forms.any_of(state.en_pred)}", re.IGNORECASE))
            for state in lexicon.states.values()
        ]
        self._verbs = [
            (
                state,
                re.compile(
                    rf"(?P<subject>.+?)\s+(?:all\s+)?{forms.any_of(state.en_verb)}", re.IGNORECASE
                ),
                re.compile(forms.any_of(state.en_verb), re.IGNORECASE),
            )
            for state in lexicon.states.values()
            if state.en_verb
        ]
        self._attributes = [
            (
                state,
                re.compile(
                    rf"{forms.DET}{forms.ADVERB}{forms.any_of(state.en_attr)}\s+(?P<rest>.+)", re.I
                ),
            )
            for state in lexicon.states.values()
            if state.en_attr
        ]
        levels, names = (
            forms.any_of(forms.LEVELS),
            forms.any_of(map(re.escape, self._dimension_of or ["\0"])),
        )
        self._verdict = re.compile(
            r"(?:therefore|thus|hence|so|overall|in sum|consequently)?,?\s*"
            r"(?:the\s+)?(?:overall\s+)?"
            rf"(?:(?P<a>{names})(?:\s+of (?:the|this) \w+)?\s+{forms.BE}\s+(?:therefore |thus |"
            rf"still |only |overall |nevertheless )?(?P<al>{levels})|"
            rf"(?P<bl>{levels})\s+(?P<b>{names}))",
            re.IGNORECASE,
        )
        self._shapes: tuple[Callable[[str], list[tuple[Thing, State]] | None], ...] = (
            self._lacking,
            self._having,
            self._subject,
            self._attribute,
        )

    def read(self, sentence: Sentence) -> list[Claim] | str:
        """Return the claims of a sentence, or why it was left out."""
        text = sentence.text.strip().rstrip(".!;。； ").strip()
        for pattern, plain in forms.REWRITES:
            text = pattern.sub(plain, text)
        verdicts = [self._verdict_of(part) for part in self._parts(text)]
        claims = [
            Claim(Thing("", name), level, dimension, forms.LEVELS[level], *sentence[:2], "en", True)
            for name, dimension, level in filter(None, verdicts)
        ]
        clauses = re.split(forms.CUTS[0], text)
        firm = [clause for clause in clauses if not forms.HEDGES.search(clause)]
        if not firm:
            return claims or "hedged"
        # A sentence without a hedge is read whole first: a colon may belong to what it says.
        for clause in [text] if firm == clauses else firm:
            for thing, state in self._clause(clause):
                claims.append(
                    Claim(thing, state.key, state.dimension, state.polarity, *sentence[:2], "en")
                )
        return claims

    def _parts(self, text: str) -> list[str]:
        return [text, *re.split(rf"{forms.CUTS[0]}|{forms.CUTS[1]}|{forms.CUTS[2]}", text)]

    def _verdict_of(self, text: str) -> tuple[str, str, str] | None:
        match = self._verdict.fullmatch(forms.LEAD.sub("", text.strip(), count=1).strip())
        if match is None:
            return None
        name = (match["a"] or match["b"]).lower()
        return name, self._dimension_of[name], (match["al"] or match["bl"]).lower()

    def _clause(self, text: str, cut: int = 0) -> list[tuple[Thing, State]]:
        """Read a clause whole, else its parts, from the strongest separator to the weakest."""
        text = text.strip(" ,.")
        while (lead := forms.LEAD.match(text)) and lead.end() < len(text):
            text = text[lead.end() :]
        for said, place in self._placements(text):
            # What begins with *no* says of a thing only that it is missing.
            for shape in self._shapes[:1] if forms.NO.match(said) else self._shapes:
                found = shape(said)
                if found is not None:
                    return [(_placed(thing, place), state) for thing, state in found]
        for level in range(cut, len(forms.CUTS)):
            parts = [part for part in re.split(forms.CUTS[level], text) if part.strip()]
            if len(parts) > 1:
                whole = _with_subjects(parts)
                return [pair for piece in whole for pair in self._clause(piece, level + 1)]
        return []

    def _placements(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield the clause with the place it names taken out, then as it is."""
        prefix = forms.PREFIX.fullmatch(text)
        if prefix:
            yield prefix["rest"], lower_first(prefix["place"])
        owner = forms.OWNER.fullmatch(text)
        if owner:
            named = lower_first(owner["owner"])
            word = "in" if re.search("panel|plot|image|part|inset", named) else "on"
            article = "" if named.startswith(("the ", "panel")) else "the "
            is_there = owner["verb"].lower() in ("has", "shows")
            yield f"{'there is' if is_there else 'no'} {owner['rest']}", f"{word} {article}{named}"
        yield text, ""
        without = forms.OWNER_WITHOUT.fullmatch(text)
        if without and (without["no"] or re.search(r"\blacks?\b", text, re.IGNORECASE)):
            words = without["owner"].lower().split()
            is_whole = self._lexicon.element_of(words[-1], "en") == "figure"
            if word_list("blocked").isdisjoint(words) and not is_whole:
                yield f"no {without['rest']}", f"for {lower_first(without['owner'])}"

    # -- shapes of a clause: None where the clause is not of that shape -----------------

    def _lacking(self, text: str) -> list[tuple[Thing, State]] | None:
        match = re.fullmatch(rf"{forms.LACKS}\s+(?P<list>.+)", text, re.IGNORECASE)
        if match is None:
            return None
        listed = re.sub(r"(?<=,\s|d\s|r\s)no\s+", "", match["list"])
        return self._each(listed, self._lexicon.states["missing"])

    def _having(self, text: str) -> list[tuple[Thing, State]] | None:
        match = re.fullmatch(rf"{forms.HAS}\s+(?P<list>.+)", text, re.IGNORECASE)
        if match is None:
            return None
        found = self._attribute(match["list"])
        return found or self._each(match["list"], self._lexicon.states["present"])

    def _subject(self, text: str) -> list[tuple[Thing, State]] | None:
        for match in re.finditer(rf"\s+{forms.BE}\s+(?=\S)", text, re.IGNORECASE):
            things = self._things.read(text[: match.start()])
            found = self._predicate(things, text[match.end() :]) if things else None
            if found is not None:
                return found
        for state, clause, _ in self._verbs:
            verb = clause.fullmatch(text)
            things = self._things.read(verb["subject"]) if verb else None
            if things:
                return self._fitting(things, [state])
        return self._note(text)

    def _note(self, text: str) -> list[tuple[Thing, State]] | None:
        """Read a note without a verb: *legend missing*, *tick labels too small*."""
        if len(text.split()) > forms.LONGEST_NOTE:
            return None
        for match in re.finditer(r"\s+(?=\S)", text):
            things = self._things.read(text[: match.start()])
            found = self._predicate(things, text[match.end() :]) if things else None
            if found is not None:
                return found
        return None

    def _predicate(self, things: list[Thing], text: str) -> list[tuple[Thing, State]] | None:
        states: list[State] = []
        for said in re.split(r",\s*(?:and\s+)?(?:also\s+)?|\s+and\s+", text):
            state = self._state_of(said)
            if state is None:
                return self._predicate_with_place(things, text)
            states.append(state)
        return self._fitting(things, states)

    def _predicate_with_place(
        self, things: list[Thing], text: str
    ) -> list[tuple[Thing, State]] | None:
        match = re.fullmatch(rf"(?P<said>.+?)\s+{forms.PLACE})", text)
        if match is None or not is_place(match["place"]):
            return None
        found = self._state_of(match["said"])
        if found is None or any(thing.place for thing in things):
            return None
        return self._fitting([_placed(thing, match["place"]) for thing in things], [found])

    def _state_of(self, text: str) -> State | None:
        text = forms.TO_SEE.sub("", re.sub(rf"^{forms.BE}\s+", "", text.strip()))
        verbs = ((state, verb) for state, _, verb in self._verbs)
        for state, pattern in (*self._predicates, *verbs):
            if pattern.fullmatch(text):
                return state
        negated = re.fullmatch(r"not\s+(?P<rest>.+)|n[o']t\s+(?P<other>.+)", text)
        if negated is None:
            return None
        rest = (negated["rest"] or negated["other"]).strip()
        for state, pattern in self._predicates:
            if pattern.fullmatch(rest) and not forms.NOT_GRADED.match(rest):
                return self._lexicon.states[state.opposite]
        return None

    def _attribute(self, text: str) -> list[tuple[Thing, State]] | None:
        for state, pattern in self._attributes:
            match = pattern.fullmatch(text)
            if match is None:
                continue
            found = self._each(match["rest"], state)
            if found:
                return found
        return None

    def _each(self, text: str, state: State) -> list[tuple[Thing, State]] | None:
        things = self._things.read(text)
        return None if things is None else self._fitting(things, [state])

    def _fitting(
        self, things: list[Thing], states: list[State]
    ) -> list[tuple[Thing, State]] | None:
        pairs = []
        for thing in things:
            for state in states:
                own = self._own_state(state, thing.element)
                if own is None:
                    return None
                pairs.append((thing, own))
        return pairs

    def _own_state(self, state: State, element: str) -> State | None:
        """Return `state`, or another that the same words mean of this element, or None.

        `poor` is said of contrast and of resolution alike.
        """
        if state.fits(element):
            return state
        for other in self._lexicon.states.values():
            same_words = set(other.en_pred) & set(state.en_pred)
            if same_words and other.fits(element) and other.polarity == state.polarity:
                return other
        return None
