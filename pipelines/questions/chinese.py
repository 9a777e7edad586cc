"""Chinese clauses into claims."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipelines.questions.claims import Claim, Thing
from pipelines.questions.languages import Sentence
from pipelines.questions.lexicon import Lexicon, State

__all__ = ["ChineseReader"]

_HEDGES = re.compile(
    r"可能|也许|或许|大概|似乎|好像|如果|若|假如|是否|应该|应当|建议|最好|部分|有些|有的|一些|"
    r"个别|略|稍|有点|比较|几乎|不一定|并非|不完全|除了|吗|？|原来|之前|“|”|觉得|不太|不是很"
)
_LEAD = re.compile(
    r"(?:但是|但|不过|而且|并且|同时|此外|另外|另|因此|所以|总体上|总的来说|整体来看|整体上|其次|"
    r"首先|最后|然而|可惜的?是?|只是|倒是|美中不足的是|虽然|尽管|且|也|遗憾的是|可以看到|可见|注意到|问题是|主要问题是|"
    r"该图中?|本图中?|这张图中?|图像中|图片中|图中|图里|整幅图|整张图|画面中)[，,:：]?"
)
_CUT = re.compile(r"[，,；;：:]|但是|但|而且|并且|不过|因此|所以|且(?=[^\s])")
_ADVERB = (
    r"(?:都|均|也|还|很|太|非常|十分|过于|较为|完全|全部|全都|相当|极其|特别|"
    r"明显|严重|仍然|依然|倒是|却|根本|是)*"
)
_LACKS = (
    r"(?:没有|缺少|缺失|缺乏|未标注|未标明|未标出|未给出|未提供|没标|没有标注|没有给出|没有标出|看不到|"
    r"无|未见|遗漏了|漏了|少了)"
)
_HAS = r"(?:有|标注了|标明了|给出了|包含|包括|提供了|带有|具有|附有|标出了|配有)"
_OWNED = re.compile(rf"(?P<subject>.*?){_ADVERB}(?:{_LACKS}|{_HAS}).")
_PLACE = (
    r"(?P<place>(?:(?:[xyzXYZ横纵]|时间|水平|垂直)轴|"
    r"[左右上下中]+(?:侧|边|面|方)?(?:的)?(?:子?图|面板)|[左右][上下]角|"
    r"(?:图|面板|子图)\s?[A-Za-z0-9]+)(?:上|中|里)?(?:的)?)?"
)
_WHOLE = re.compile(r"(?:该|本|这张|整张)?(?:图像|图片|地图|照片|显微照片|示意图|图)(?:中|里|上)?")
"""The figure itself, which is no place in it."""
_LEVELS = {
    "优秀": 1, "很好": 1, "好": 1, "良好": 1, "高": 1, "很高": 1, "较好": 1, "极好": 1, "一般": 0,
    "中等": 0, "尚可": 0, "差": -1, "较差": -1, "很差": -1, "低": -1, "很低": -1, "不足": -1,
    "极差": -1, "较低": -1, "不好": -1,
}  # fmt: skip


def _any(forms: Sequence[str]) -> str:
    return "(?:" + "|".join(sorted(forms, key=len, reverse=True)) + ")"


def _without_lead(clause: str) -> str:
    while (lead := _LEAD.match(clause)) and lead.end() < len(clause):
        clause = clause[lead.end() :]
    return clause


def _with_subjects(clauses: Iterable[str]) -> Iterator[str]:
    """Yield clauses; *也没有单位* gets the subject of what the clause before has or lacks."""
    subject = ""
    for clause in clauses:
        owned = _OWNED.match(clause)
        if owned is None:
            subject = ""
        elif owned["subject"]:
            subject = _WHOLE.sub("", owned["subject"])
        yield f"{subject}{clause}" if owned and not owned["subject"] else clause


class ChineseReader:
    """Reads Chinese sentences."""

    def __init__(self, lexicon: Lexicon, dimensions: Mapping[str, Sequence[str]]) -> None:
        """Compile the patterns for a lexicon and the study's names of dimensions."""
        self._lexicon = lexicon
        self._dimension_of = {
            name: dimension
            for dimension, names in dimensions.items()
            for name in names
            if not name.isascii()
        }
        noun = _any([form for element in lexicon.elements.values() for form in element.zh])
        self._thing = re.compile(
            rf"{_PLACE}(?:所有|全部|各|整体)?的?(?P<noun>{noun})", re.IGNORECASE
        )
        self._states = [
            (state, re.compile(rf"(?P<subject>.+?){_ADVERB}{_any(state.zh_pred)}(?:的|了)?"))
            for state in lexicon.states.values()
        ]
        self._attributes = [
            (state, re.compile(rf"{_ADVERB}{_any(state.zh_pred)}的(?P<rest>.+)"))
            for state in lexicon.states.values()
        ]
        levels = _any(list(_LEVELS))
        names = _any([re.escape(name) for name in self._dimension_of] or ["\0"])
        self._verdict = re.compile(
            rf"(?:整体|总体)?(?P<name>{names})(?:仍然|仍|还是|也|是|为|很|比较)?(?P<level>{levels})"
        )

    def read(self, sentence: Sentence) -> list[Claim] | str:
        """Return the claims of a sentence, or why it was left out."""
        text = re.sub(r"\s+", "", sentence.text).strip("。！!.；;，, ")
        claims: list[Claim] = []
        hedged = bool(_HEDGES.search(text))
        for plain in _with_subjects(map(_without_lead, _CUT.split(text))):
            verdict = self._verdict.fullmatch(plain)
            if verdict:
                claims.append(
                    Claim(
                        Thing("", verdict["name"]), verdict["level"],
                        self._dimension_of[verdict["name"]], _LEVELS[verdict["level"]],
                        *sentence[:2], "zh", True,
                    )
                )  # fmt: skip
            elif not hedged:
                claims += [
                    Claim(thing, state.key, state.dimension, state.polarity, *sentence[:2], "zh")
                    for thing, state in self._clause(plain)
                ]
        return claims or ("hedged" if hedged else [])

    def _clause(self, text: str) -> list[tuple[Thing, State]]:
        for pattern, key in ((_LACKS, "missing"), (_HAS, "present")):
            match = re.fullmatch(rf"(?P<place>.*?){_ADVERB}{pattern}(?P<list>.+)", text)
            if match is None:
                continue
            prefix = _WHOLE.sub("", match["place"])
            place = re.fullmatch(_PLACE, prefix)
            if place is None or (prefix and not place["place"]):
                continue
            found = self._having(match["list"], key, prefix)
            if found:
                return found
        return self._described(text) or []

    def _having(self, text: str, key: str, place: str) -> list[tuple[Thing, State]]:
        if key == "present":
            for state, pattern in self._attributes:
                match = pattern.fullmatch(text)
                if match and (things := self._things(match["rest"], place)):
                    return self._fitting(things, state)
        things = self._things(text, place)
        return self._fitting(things, self._lexicon.states[key]) if things else []

    def _described(self, text: str) -> list[tuple[Thing, State]]:
        for state, pattern in self._states:
            match = pattern.fullmatch(text)
            if match and (things := self._things(match["subject"], "")):
                found = self._fitting(things, state)
                if found:
                    return found
        return []

    def _fitting(self, things: list[Thing], state: State) -> list[tuple[Thing, State]]:
        if not all(state.fits(thing.element) for thing in things):
            return []
        return [(thing, state) for thing in things]

    def _things(self, text: str, place: str) -> list[Thing] | None:
        things = []
        for part in re.split(r"、|和|与|及|以及|或", text):
            match = self._thing.fullmatch(part)
            element = self._lexicon.element_of(match["noun"], "zh") if match else None
            if match is None or element is None:
                return None
            where = (match["place"] or place).rstrip("的")
            things.append(Thing(element, match["noun"], where))
        return things
