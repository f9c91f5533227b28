"""What the words of a voice tell about it: expression, themes, challenge, channel."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache
from importlib.resources import files

__all__ = ["challenge_of", "channel_of", "expression_of", "themes_of"]

_WISH = re.compile(
    r"\b(?:want(?:s|ed)?|wanna|wish(?:es|ed)?|hop(?:e|es|ed|ing)|would (?:like|love|rather|prefer|sooner)|['’]d (?:like|love|rather|prefer)|please|can (?:i|we|you|u|he|she|they)\b|"
    r"could (?:i|we|you|he|she|they|someone|it)\b|let me|don'?t (?:tell|make|want)|won'?t|refus\w+|declin\w+|ask(?:s|ed)? (?:for|to|if|me|that|whether)|request\w*|not going|is not (?:going|swapping)|need(?:s)? (?:a|to|some|more|help)|"
    r"look(?:s|ing)? forward|if (?:only|i could)|sick of|would not|wouldn'?t)\b",
    re.I,
)
_FEEL = re.compile(
    r"\b(?:scar(?:ed|y)|frighten\w*|terrif\w*|worr(?:y|ies|ied|ying)|anxi\w+|nervous|upset\w*|angry|anger|furious|fuming|livid|cross|annoy\w*|frustrat\w*|sad\w*|unhappy|happy|excit\w+|proud|pleased|delight\w*|"
    r"reliev\w*|disappoint\w*|gutted|devastat\w*|heartbroken|lonely|alone|stress\w*|overwhelm\w*|exhausted|shattered|knackered|fed up|sick of|jealous|embarrass\w*|asham\w*|guilt\w*|tear(?:s|ful)|distress\w*|homesick|bored|"
    r"lov(?:e|es|ed)|hat(?:e|es|ed)|miss(?:es|ed)?|enjoy\w*|dread\w*|fear\w*|resent\w*|cried|cry(?:ing)?|smil\w+|laugh\w*|grateful|thankful|hurt(?:s|ing)?|feel(?:s|ing)?|felt|sorry|concerned|tired|safe|unsafe|comfortable|struggl\w+)\b",
    re.I,
)
_VIEW = re.compile(
    r"\b(?:think\w*|thought|believ\w*|reckon\w*|should\w*|shouldn'?t|unfair|fair|better|best|worse|worst|good|bad|nice|great|fine|ok|okay|alright|boring|rubbish|stupid|pointless|right|wrong|agree\w*|disagree\w*|prefer\w*|likes?|liked|"
    r"opinion|view|too (?:much|many|long|far|late|young|old|big|small|soon)|enough|important|must|ought|easy|hard|difficult|kind|mean|it'?s|its|that'?s|isn'?t|is not|not (?:a|the|true|his|her|my)|would be|might|could be|makes? sense|point|doubt\w*|seems?|appears?)\b",
    re.I,
)
_PRIORITY = re.compile(
    r"\b(?:most important|main thing|the main|above all|more than anything|number one|biggest (?:worry|thing)|first (?:thing|of all)|matters? most|all (?:he|she|they|i) wants?|only thing|top priority|priority)\b",
    re.I,
)
_PAST = re.compile(
    r"\b(?:was|were|had|did|went|got|came|took|gave|made|told|saw|left|kept|used to|has been|have been|['’]s been|['’]ve been|every (?:day|night|week|time)|always|never|sometimes|usually|at night|when (?:he|she|they|dad|mum|i|we))\b",
    re.I,
)
_HABIT = re.compile(
    r"\b(?:every (?:day|night|week|time|weekend|morning)|at night|used to|last (?:week|night|time|year)|yesterday|(?:has|have|had|['’]ve|['’]s|['’]d) (?:been|got|gone|slept|started|stopped|done|taken|moved|had|seen|lost|had to)|"
    r"when (?:he|she|they|dad|mum|i|we) (?:\w+s|\w+ed|got|went|came)|(?:hit|hits|shouts?|shouted|threw|smacked|punched|kicked|grabbed|pushed|sleeps?|slept|eats?|ate|wakes?|woke))\b",
    re.I,
)
_IMPERATIVE = re.compile(
    r"(?:please |just |and )?(?:let|tell|take|leave|give|get|make|stop|keep|put|bring|send|ask|go away|come|don'?t|dont|no thank|not to|to (?:be|go|see|have|stay|live|get))\b",
    re.I,
)
_CHALLENGE = re.compile(
    r"\b(?:unfair|not fair|disagree\w*|complain\w*|complaint|refus\w+|won'?t|not happy|unhappy (?:with|about|that)|isn'?t happy|fuming|furious|livid|fed up|sick of|object\w*|dispute[sd]?|no one (?:told|asked|listens?|tells?|has)|nobody (?:told|asked|listens?|tells?|has|ever)|"
    r"never (?:told|asked|listen\w*|came|rang|comes|turns up|call\w*)|not (?:been )?(?:told|asked|consulted|listened|invited)|without (?:asking|telling|being)|let (?:me|him|her|us|them) down|waste of time|pointless|interfer\w+|"
    r"want(?:s|ed)? (?:a (?:different|new)|another) (?:social worker|worker|sw)|you lot|too (?:many|much) (?:social workers|workers|meetings|questions)|different social worker|does(?:n'?t| not) (?:agree|accept|see why|trust|want (?:to|a) (?:work|social|engage|sign|see (?:the )?(?:sw|social)))|"
    r"why (?:do|does|can'?t|should|is|has|wasn'?t|didn'?t)|should(?:n'?t| not)? have|promised|lied|lies|rubbish|not good enough|disgust\w+|unacceptable|judg(?:ed|ing))\b",
    re.I,
)
_PUBLIC = re.compile(
    r"\b(?:social|sw|worker\w*|service\w*|school|teacher|plan|meeting\w*|conference|review|report|assessment|court|order|council|housing|police|carer\w*|placement|contact|family time|staff|unit|home|home office|agency|department|decision|you lot|they|supervis\w+|curfew|rules?|centre|"
    r"hospital|doctor|nurse|panel|chair|iro|manager|respite|transport|appointment\w*|letter|move[ds]?|camhs|interpreter)\b",
    re.I,
)
_DRAWN = re.compile(
    r"\b(?:drew|drawn|draws|drawing|coloured|painted|picture of|put (?:a|the) \w+ (?:in|on)|house of|worksheet|stuck|built|made a|played out|placed the|chose the (?:card|picture|face)|puppet)\b",
    re.I,
)


@cache
def _themes() -> tuple[re.Pattern[str], dict[str, str]]:
    data = tomllib.loads(files("voicenlp").joinpath("resources/themes.toml").read_text(encoding="utf-8"))
    theme_of: dict[str, str] = {}
    for theme, stems in data.items():
        for stem in stems:
            theme_of.setdefault(stem, theme)
    pattern = re.compile(r"\b(?:" + "|".join(re.escape(stem) for stem in sorted(theme_of, key=len, reverse=True)) + ")")
    return pattern, theme_of


def themes_of(words: str, around: str = "") -> tuple[str, ...]:
    """Return one or two themes for a voice, none where no word tells; the words around it count a third.

    Examples
    --------
    >>> themes_of("hates school because of the maths lessons")
    ('education',)
    """
    pattern, theme_of = _themes()
    counts: Counter[str] = Counter()
    for match in pattern.finditer(words.lower() + " "):
        counts[theme_of[match[0]]] += 3
    if around and len(counts) < 2:
        for match in pattern.finditer(around.lower() + " "):
            counts[theme_of[match[0]]] += 1
    if not counts:
        return ()
    ranked = counts.most_common(2)
    if len(ranked) == 2 and ranked[1][1] >= 3 and ranked[1][1] * 2 >= ranked[0][1]:
        return (ranked[0][0], ranked[1][0])
    return (ranked[0][0],)


def expression_of(words: str, base: str = "", second: bool = True) -> tuple[str, ...]:
    """Return one or two expressions for the words of a voice; ``base`` is what the cue before it already told.

    Examples
    --------
    >>> expression_of("wants to see dad"), expression_of("he shouts at night when he has been drinking")
    (('wish',), ('experience',))
    """
    found: list[str] = [base] if base else []
    if _PRIORITY.search(words):
        found.append("priority")
    if _WISH.search(words):
        found.append("wish")
    if _FEEL.search(words):
        found.append("feeling")
    if not found or (second and not base):
        if not found and _IMPERATIVE.match(words):
            found.append("wish")
        if not found and (_HABIT.search(words) or (_PAST.search(words) and not _VIEW.search(words))):
            found.append("experience")
    if not found:
        found.append("view")
    unique = list(dict.fromkeys(found))
    return tuple(unique[:2] if second else unique[:1])


def challenge_of(words: str, expression: tuple[str, ...], speaker: str) -> bool:
    """Whether a voice disagrees with, complains of or resists a public service.

    Examples
    --------
    >>> challenge_of("nobody told me about the meeting", ("experience",), "child")
    True
    """
    if speaker in ("manager",):
        return False
    return bool(_CHALLENGE.search(words) and (_PUBLIC.search(words) or "wish" not in expression))


def channel_of(context: str, default: str = "spoken") -> str:
    """Return ``creative`` where the words around say that something was drawn, built or placed; else the default."""
    return "creative" if _DRAWN.search(context) else default
