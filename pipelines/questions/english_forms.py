"""Forms of English clauses that the rules know, as patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["ADVERB", "BE", "CUTS", "DET", "ELLIPSIS", "HAS", "HEDGES", "LACKS", "LEAD", "LEVELS",
           "LONGEST_NOTE", "NO", "NOT_GRADED", "OWNER", "OWNER_WITHOUT", "PLACE", "PREFIX",
           "REWRITES", "SUBJECT", "TO_SEE", "any_of"]  # fmt: skip


def any_of(forms: Iterable[str]) -> str:
    """Return a pattern of any of the forms, the longest first."""
    return "(?:" + "|".join(sorted(forms, key=len, reverse=True)) + ")"


HEDGES = re.compile(
    r"\b(?:might|may|maybe|perhaps|possibly|probably|could|would|should|if|unless|whether|"
    r"seems?|appears?|apparently|not sure|unsure|unclear|suppose|guess|almost|nearly|partly|"
    r"partially|some|few|several|most|many|half|except|otherwise|sometimes|occasionally|barely|"
    r"previous|earlier|original|ideally|expected|think|believe|somewhat|slightly|"
    r"a bit|a little|hardly|not only|nor|neither|either|when|once|after|before|until)\b|"
    r"\?|[\"“”]|\bnot all\b|\bone of\b",
    re.IGNORECASE,
)
LEAD = re.compile(
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
CUTS = (
    r"\s*;\s*|\s+[–—-]\s+|:\s+",
    (
        r",?\s+\b(?:but|whereas|while|although|though|because|since|so that|which|yet|hence|"
        r"therefore|thus|making|making it|so)\b,?\s*"
    ),
    r",\s*(?:and\s+|or\s+)?",
    r"\s+and\s+",
)
BE = r"(?:is|are|was|were|looks?|remains?|stays?)"
ADVERB = (
    r"(?:(?:very|quite|rather|really|clearly|completely|entirely|fully|totally|also|both|all|"
    r"simply|extremely|absolutely|perfectly|overall|much|far|simply|plainly|obviously|still|"
    r"nicely|generally)\s+)*"
)
DET = r"(?:(?:all|both)\s+(?:the\s+|of the\s+)?|(?:the|a|an|any|its|this|each|every)\s+)?"
PREPOSITION = (
    r"(?:on|in|of|for|at|under|above|below|beside|along|inside|next to|near|between|across)"
)
PLACE = rf"(?P<place>{PREPOSITION}\s+[\w'’/-]+(?:\s+[\w'’/-]+){{0,4}}"
"""Without its end: `?)` for the shortest place, `)` for the longest."""
HAS = (
    r"(?:there (?:is|are)|(?:it|this|the (?:image|figure|plot|picture|diagram|map|chart|graph|"
    r"micrograph|drawing|schematic|author|authors))(?: \w+)? "
    r"(?:has|have|shows?|includes?|contains?|gives?|provides?|comes? with|uses?))"
)
LACKS = (
    r"(?:(?:it|this|the (?:image|figure|plot|picture|diagram|map|chart|graph|micrograph|drawing|"
    r"schematic|author|authors|[xyz][- ]axis|left panel|right panel))\s+(?:also\s+)?"
    r"(?:lacks?|misses|omits?|is missing|is lacking|has no|have no|shows no|gives no|contains no|"
    r"does not (?:show|have|include|give|contain)|comes without)|there (?:is|are) no|no|without|"
    r"lacks?|lacking|missing|misses|there (?:is|are) (?:a|an) missing|"
    r"(?:the authors?|they|he|she|somebody|someone|whoever made (?:it|this)) "
    r"(?:forgot|omitted|left out))"
)
REWRITES = (
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
PREFIX = re.compile(
    r"(?P<place>(?:in|on|at) (?:(?:the )?(?:left|right|upper|lower|top|bottom|middle|central|first|"
    r"second|third) \w+|panels? [a-z0-9]+|the inset|the [xyz][- ]axis)),?\s+(?P<rest>.+)",
    re.IGNORECASE,
)
OWNER = re.compile(
    r"(?P<owner>(?:the )?(?:[xyz][- ]axis|(?:left|right|upper|lower|top|bottom|first|second) "
    r"(?:panel|plot|image|part)|panel [a-z0-9]|inset))\s+(?P<verb>has no|lacks|is missing|"
    r"is lacking|misses|shows no|does not have|has|shows)\s+(?P<rest>.+)",
    re.IGNORECASE,
)
OWNER_WITHOUT = re.compile(
    r"(?P<owner>(?:the|this|these) (?:[\w-]+ ){0,2}?[\w-]+)\s+(?:has|have|lacks?|shows? no|"
    r"carr(?:y|ies)) (?P<no>no |)(?P<rest>.+)",
    re.IGNORECASE,
)
SUBJECT = re.compile(
    rf"(?P<subject>[\w'’/-]+(?:\s+[\w'’/-]+){{0,5}}?)\s+(?:(?P<owns>has|have|shows?|contains?|"
    rf"includes?|gives?|carr(?:y|ies)|lacks?|misses)|{BE})\s",
    re.IGNORECASE,
)
ELLIPSIS = re.compile(
    r"(?:also\s+|still\s+)?(?:(?P<no>no|without)|lacks?|misses|(?:has|have|shows?) no)\s+"
    r"(?P<rest>.+)",
    re.IGNORECASE,
)
"""A clause whose subject stands in the clause before."""
TO_SEE = re.compile(
    r"(?<=\w) to (?:read|see|make out|be read|be seen|distinguish|recogni[sz]e|decipher)"
    r"(?: anything| it| them)?$"
)
NOT_GRADED = re.compile(r"(?:very|too|quite|really|all|fully|completely|entirely|perfectly|not)\b")
"""After *not*, these make something weaker than the opposite."""
NO = re.compile(r"no\s", re.IGNORECASE)
LONGEST_NOTE = 9
"""Words."""
LEVELS = {
    "excellent": 1, "very good": 1, "good": 1, "high": 1, "very high": 1, "fair": 0,
    "moderate": 0, "acceptable": 0, "average": 0, "mediocre": 0, "poor": -1, "low": -1,
    "very poor": -1, "bad": -1, "very low": -1, "very bad": -1, "insufficient": -1,
    "unacceptable": -1, "outstanding": 1, "weak": -1, "strong": 1,
}  # fmt: skip
