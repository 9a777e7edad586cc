"""English clauses into claims."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pipelines.questions.claims import Claim, Thing
from pipelines.questions.languages import Sentence
from pipelines.questions.lexicon import Lexicon, State
from pipelines.questions.phrases import word_list

__all__ = ["EnglishReader"]

_HEDGES = re.compile(
    r"\b(?:might|may|maybe|perhaps|possibly|probably|could|would|should|if|unless|whether|"
    r"seems?|appears?|apparently|not sure|unsure|unclear|suppose|guess|almost|nearly|partly|"
    r"partially|some|few|several|most|many|half|except|otherwise|sometimes|occasionally|barely|"
    r"previous|earlier|original|ideally|expected|think|believe|somewhat|slightly|"
    r"a bit|a little|hardly|not only|nor|neither|either|when|once|after|before|until)\b|"
    r"\?|[\"“”]|\bnot all\b|\bone of\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:(?:however|also|and|but|in addition|additionally|moreover|furthermore|overall|"
    r"unfortunately|first(?:ly)?|second(?:ly)?|third(?:ly)?|finally|besides|yet|so|still|"
    r"although|though|while|whereas|because|since|fortunately|in general|generally|"
    r"on the other hand|on the positive side|in particular|as an expert|nevertheless|"
    r"on the whole|sadly|luckily|in short|note that|i (?:see|notice|find|note) that|"
    r"i (?:see|notice|find|note)|it is (?:clear|obvious|good) that|"
    r"the (?:main |only |biggest )?(?:problem|issue|flaw|weakness) is that|"
    r"what is good is that|\[simulated\])\b[,:]?|\[[a-z]+\])\s*",
    re.IGNORECASE,
)
_CUTS = (
    r"\s*;\s*|\s+[–—-]\s+|:\s+",
    (
        r",?\s+\b(?:but|whereas|while|although|though|because|since|so that|which|yet|hence|"
        r"therefore|thus|making|making it|so)\b,?\s*"
    ),
    r",\s*(?:and\s+|or\s+)?",
    r"\s+and\s+",
)
_BLOCKED = word_list("blocked")
_IN_PLACE = _BLOCKED - {"of", "and", "main", "small", "large", "big"}
_BE = r"(?:is|are|was|were|looks?|remains?|stays?)"
_ADVERB = (
    r"(?:(?:very|quite|rather|really|clearly|completely|entirely|fully|totally|also|both|all|"
    r"simply|extremely|absolutely|perfectly|overall|much|far|simply|plainly|obviously|still|"
    r"nicely|generally)\s+)*"
)
_DET = r"(?:(?:all|both)\s+(?:the\s+|of the\s+)?|(?:the|a|an|any|its|this|each|every)\s+)?"
_PREPOSITION = (
    r"(?:on|in|of|for|at|under|above|below|beside|along|inside|next to|near|between|across)"
)
_HAS = (
    r"(?:there (?:is|are)|(?:it|this|the (?:image|figure|plot|picture|diagram|map|chart|graph|"
    r"micrograph|drawing|schematic|author|authors))(?: \w+)? "
    r"(?:has|have|shows?|includes?|contains?|gives?|provides?|comes? with|uses?))"
)
_LACKS = (
    r"(?:(?:it|this|the (?:image|figure|plot|picture|diagram|map|chart|graph|micrograph|drawing|"
    r"schematic|author|authors|[xyz][- ]axis|left panel|right panel))\s+(?:also\s+)?"
    r"(?:lacks?|misses|omits?|is missing|is lacking|has no|have no|shows no|gives no|contains no|"
    r"does not (?:show|have|include|give|contain)|comes without)|there (?:is|are) no|no|without|"
    r"lacks?|lacking|missing|misses|there (?:is|are) (?:a|an) missing|"
    r"(?:the authors?|they|he|she|somebody|someone|whoever made (?:it|this)) "
    r"(?:forgot|omitted|left out))"
)
_REWRITES = (
    (re.compile(r"\b(is|are|was|were|does|do|has|have|did)n['’]t\b", re.I), r"\1 not"),
    (re.compile(r"\bcan['’]t\b|\bcan not\b", re.I), "cannot"),
    (re.compile(r"(^|, |; |\band )no ((?:[\w-]+ ){0,2}[\w-]+) (is|are) (?:marked|given|shown|"
                r"stated|provided|indicated|present|included|drawn)\b", re.I), r"\1\2 \3 missing"),
    (re.compile(r"\b((?:[xyz][- ])?)(?:axis is|axes are) (?:not labell?ed|unlabell?ed)\b", re.I),
     r"\1axis label is missing"),
    (re.compile(r"\b((?:[xyz][- ])?)(?:axis is|axes are) (?:clearly |correctly |properly |all )?"
                r"labell?ed\b(?! (?:with|in|by|as))", re.I),
     r"\1axis labels are present"),
)  # fmt: skip
"""Equal ways of saying, brought to the one the patterns know."""
_PREFIX = re.compile(
    r"(?P<place>(?:in|on|at) (?:(?:the )?(?:left|right|upper|lower|top|bottom|middle|central|first|"
    r"second|third) \w+|panels? [a-z0-9]+|the inset|the [xyz][- ]axis)),?\s+(?P<rest>.+)",
    re.IGNORECASE,
)
_OWNER = re.compile(
    r"(?P<owner>(?:the )?(?:[xyz][- ]axis|(?:left|right|upper|lower|top|bottom|first|second) "
    r"(?:panel|plot|image|part)|panel [a-z0-9]|inset))\s+(?P<verb>has no|lacks|is missing|"
    r"is lacking|misses|shows no|does not have|has|shows)\s+(?P<rest>.+)",
    re.IGNORECASE,
)
_OWNER_WITHOUT = re.compile(
    r"(?P<owner>(?:the|this|these) (?:[\w-]+ ){0,2}?[\w-]+)\s+(?:has|have|lacks?|shows? no|"
    r"carr(?:y|ies)) (?P<no>no |)(?P<rest>.+)",
    re.IGNORECASE,
)
_TO_SEE = re.compile(
    r"(?<=\w) to (?:read|see|make out|be read|be seen|distinguish|recogni[sz]e|decipher)"
    r"(?: anything| it| them)?$"
)
_NOT_GRADED = re.compile(r"(?:very|too|quite|really|all|fully|completely|entirely|perfectly|not)\b")
"""After *not*, these make something weaker than the opposite."""
_NO = re.compile(r"no\s", re.IGNORECASE)
_LONGEST_NOTE = 9
"""Words."""
_LEVELS = {
    "excellent": 1, "very good": 1, "good": 1, "high": 1, "very high": 1, "fair": 0,
    "moderate": 0, "acceptable": 0, "average": 0, "mediocre": 0, "poor": -1, "low": -1,
    "very poor": -1, "bad": -1, "very low": -1, "very bad": -1, "insufficient": -1,
    "unacceptable": -1, "outstanding": 1, "weak": -1, "strong": 1,
}  # fmt: skip


def _any(forms: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(forms, key=len, reverse=True)) + ")"


def _plain_case(noun: str) -> str:
    """Return a noun from the start of a sentence as it stands inside one."""
    return noun[0].lower() + noun[1:]


def _lower_first(text: str) -> str:
    return text[0].lower() + text[1:]


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
        noun = _any(form for element in lexicon.elements.values() for form in element.en)
        place = rf"(?:\s+(?P<place>{_PREPOSITION}\s+[\w'’/-]+(?:\s+[\w'’/-]+){{0,4}}?))?"
        self._thing = re.compile(
            rf"{_DET}(?P<mod>(?:[\w'’/-]+\s+){{0,2}}?)(?P<noun>{noun}){place}", re.IGNORECASE
        )
        self._predicates = [
            (state, re.compile(f"{_ADVERB}{_any(state.en_pred)}", re.IGNORECASE))
            for state in lexicon.states.values()
        ]
        self._verbs = [
            (
                state,
                re.compile(rf"(?P<subject>.+?)\s+(?:all\s+)?{_any(state.en_verb)}", re.IGNORECASE),
                re.compile(_any(state.en_verb), re.IGNORECASE),
            )
            for state in lexicon.states.values()
            if state.en_verb
        ]
        self._attributes = [
            (state, re.compile(rf"{_DET}{_ADVERB}{_any(state.en_attr)}\s+(?P<rest>.+)", re.I))
            for state in lexicon.states.values()
            if state.en_attr
        ]
        levels, names = _any(_LEVELS), _any(map(re.escape, self._dimension_of or ["\0"]))
        self._verdict = re.compile(
            r"(?:therefore|thus|hence|so|overall|in sum|consequently)?,?\s*"
            r"(?:the\s+)?(?:overall\s+)?"
            rf"(?:(?P<a>{names})(?:\s+of (?:the|this) \w+)?\s+{_BE}\s+(?:therefore |thus |still |"
            rf"only |overall |nevertheless )?(?P<al>{levels})|(?P<bl>{levels})\s+(?P<b>{names}))",
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
        for pattern, plain in _REWRITES:
            text = pattern.sub(plain, text)
        verdicts = [self._verdict_of(part) for part in self._parts(text)]
        claims = [
            Claim(Thing("", name), level, dimension, _LEVELS[level], *sentence[:2], "en", True)
            for name, dimension, level in filter(None, verdicts)
        ]
        clauses = re.split(_CUTS[0], text)
        firm = [clause for clause in clauses if not _HEDGES.search(clause)]
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
        return [text, *re.split(rf"{_CUTS[0]}|{_CUTS[1]}|{_CUTS[2]}", text)]

    def _verdict_of(self, text: str) -> tuple[str, str, str] | None:
        match = self._verdict.fullmatch(_LEAD.sub("", text.strip(), count=1).strip())
        if match is None:
            return None
        name = (match["a"] or match["b"]).lower()
        return name, self._dimension_of[name], (match["al"] or match["bl"]).lower()

    def _clause(self, text: str, cut: int = 0) -> list[tuple[Thing, State]]:
        """Read a clause whole, else its parts, from the strongest separator to the weakest."""
        text = text.strip(" ,.")
        while (lead := _LEAD.match(text)) and lead.end() < len(text):
            text = text[lead.end() :]
        for said, place in self._placements(text):
            # What begins with *no* says of a thing only that it is missing.
            for shape in self._shapes[:1] if _NO.match(said) else self._shapes:
                found = shape(said)
                if found is not None:
                    return [(_placed(thing, place), state) for thing, state in found]
        for level in range(cut, len(_CUTS)):
            parts = [part for part in re.split(_CUTS[level], text) if part.strip()]
            if len(parts) > 1:
                return [pair for piece in parts for pair in self._clause(piece, level + 1)]
        return []

    def _placements(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield the clause with the place it names taken out, then as it is."""
        prefix = _PREFIX.fullmatch(text)
        if prefix:
            yield prefix["rest"], _lower_first(prefix["place"])
        owner = _OWNER.fullmatch(text)
        if owner:
            named = _lower_first(owner["owner"])
            word = "in" if re.search("panel|plot|image|part|inset", named) else "on"
            article = "" if named.startswith(("the ", "panel")) else "the "
            is_there = owner["verb"].lower() in ("has", "shows")
            yield f"{'there is' if is_there else 'no'} {owner['rest']}", f"{word} {article}{named}"
        yield text, ""
        without = _OWNER_WITHOUT.fullmatch(text)
        if without and (without["no"] or re.search(r"\blacks?\b", text, re.IGNORECASE)):
            words = without["owner"].lower().split()
            is_whole = self._lexicon.element_of(words[-1], "en") == "figure"
            if _BLOCKED.isdisjoint(words) and not is_whole:
                yield f"no {without['rest']}", f"for {_lower_first(without['owner'])}"

    # -- shapes of a clause: None where the clause is not of that shape -----------------

    def _lacking(self, text: str) -> list[tuple[Thing, State]] | None:
        match = re.fullmatch(rf"{_LACKS}\s+(?P<list>.+)", text, re.IGNORECASE)
        if match is None:
            return None
        listed = re.sub(r"(?<=,\s|d\s|r\s)no\s+", "", match["list"])
        return self._each(listed, self._lexicon.states["missing"])

    def _having(self, text: str) -> list[tuple[Thing, State]] | None:
        match = re.fullmatch(rf"{_HAS}\s+(?P<list>.+)", text, re.IGNORECASE)
        if match is None:
            return None
        found = self._attribute(match["list"])
        return found or self._each(match["list"], self._lexicon.states["present"])

    def _subject(self, text: str) -> list[tuple[Thing, State]] | None:
        for match in re.finditer(rf"\s+{_BE}\s+(?=\S)", text, re.IGNORECASE):
            things = self._things(text[: match.start()])
            found = self._predicate(things, text[match.end() :]) if things else None
            if found is not None:
                return found
        for state, clause, _ in self._verbs:
            verb = clause.fullmatch(text)
            things = self._things(verb["subject"]) if verb else None
            if things:
                return self._fitting(things, [state])
        return self._note(text)

    def _note(self, text: str) -> list[tuple[Thing, State]] | None:
        """Read a note without a verb: *legend missing*, *tick labels too small*."""
        if len(text.split()) > _LONGEST_NOTE:
            return None
        for match in re.finditer(r"\s+(?=\S)", text):
            things = self._things(text[: match.start()])
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
        match = re.fullmatch(
            rf"(?P<said>.+?)\s+(?P<place>{_PREPOSITION}\s+[\w'’/-]+(?:\s+[\w'’/-]+){{0,4}})", text
        )
        if match is None or not _IN_PLACE.isdisjoint(match["place"].lower().split()[1:]):
            return None
        found = self._state_of(match["said"])
        if found is None or any(thing.place for thing in things):
            return None
        return self._fitting([_placed(thing, match["place"]) for thing in things], [found])

    def _state_of(self, text: str) -> State | None:
        text = _TO_SEE.sub("", re.sub(rf"^{_BE}\s+", "", text.strip()))
        verbs = ((state, verb) for state, _, verb in self._verbs)
        for state, pattern in (*self._predicates, *verbs):
            if pattern.fullmatch(text):
                return state
        negated = re.fullmatch(r"not\s+(?P<rest>.+)|n[o']t\s+(?P<other>.+)", text)
        if negated is None:
            return None
        rest = (negated["rest"] or negated["other"]).strip()
        for state, pattern in self._predicates:
            if pattern.fullmatch(rest) and not _NOT_GRADED.match(rest):
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

    # -- things ----------------------------------------------------------------------

    def _each(self, text: str, state: State) -> list[tuple[Thing, State]] | None:
        things = self._things(text)
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

    def _things(self, text: str) -> list[Thing] | None:
        whole = self._thing_of(text)
        if whole is not None:
            return [whole]
        things = []
        for part in re.split(r",\s*(?:and\s+|or\s+)?|\s+(?:and|or|&)\s+", text.strip()):
            thing = self._thing_of(part)
            if thing is None:
                return None
            things.append(thing)
        return things

    def _thing_of(self, text: str) -> Thing | None:
        match = self._thing.fullmatch(text.strip())
        if match is None:
            return None
        modifier, noun, place = match["mod"], match["noun"], match["place"] or ""
        if not (
            (_BLOCKED | {"the", "a", "an", "say", "to", "all"}).isdisjoint(modifier.lower().split())
            and _IN_PLACE.isdisjoint(place.lower().split()[1:])
        ):
            return None
        if any(p.fullmatch(word) for word in modifier.split() for _, p in self._predicates):
            return None
        element = self._lexicon.element_of(noun, "en")
        if element is None:
            return None
        plural = noun.lower() in ("axes", "formulae") or bool(re.search(r"[^s]s$", noun.lower()))
        name = f"{modifier}{noun}"
        if not modifier or re.match(r"[A-Z][a-z]+\s", modifier):
            name = _plain_case(name)
        return Thing(element, name, place, plural and noun.lower() != "axis")
