"""What kind of sentence it is: an opinion, a bare fact, the worker's narrative, behaviour that tells something."""

from __future__ import annotations

import re

__all__ = ["ASKING", "ASSESSMENT", "ASSESSMENT_LEAD", "BEHAVIOUR", "FIRST", "LOGISTICS", "NARRATIVE", "OPINION", "is_bare_fact"]

OPINION = re.compile(
    r"\b(?:no (?:concerns?|worries|safeguarding concerns?)|nil (?:of )?concerns?|(?:am|is|was|remain|are|were) (?:\w+ )?(?:concerned|worried|satisfied|confident|pleased|reassured|clear that|of the (?:view|opinion))|in my (?:view|opinion|professional)|my (?:view|opinion|analysis|assessment|impression|worry|concern)|"
    r"i (?:think|feel|believe|consider|suspect|would|wonder|agree|don'?t (?:think|believe)|am not|remain|support)|appears?|seems?|presents? as|likely|unlikely|risk(?:s|y)?\b|needs?\b|should|would benefit|positive|good (?:enough|progress|relationship)|progress|protective|strength|threshold|thriv\w+|impact|significant|evidence|"
    r"well (?:cared|presented|settled|supported)|settled|insight|attuned|warm|inconsistent|neglect\w*|vulnerab\w+|resilien\w+|not good enough|drift|must|cannot|recommend\w*|it is (?:clear|evident|important)|lack of|struggl\w+|improv\w+|better|worse|lovely|delight|pleasure)\b",
    re.I,
)
FIRST = re.compile(r"\b(?:I|I['’](?:m|d|ve|ll)|[Mm]y|[Mm]e|[Ww]e|[Ww]e['’](?:re|ve|ll)|im|ive|i)\b")
LOGISTICS = re.compile(
    r"^(?:hi|hello|hiya|dear|thanks|thank you|regards|kind regards|best wishes|cheers|ok thanks|see you|sent from|yours|morning|good morning|afternoon|bye|no worries|lol|x+|👍|tel\b|tc\b|vm\b|left (?:a )?(?:message|voicemail)|dna\b|n/?a\b|next (?:visit|appt|review))\b[^.?!]{0,40}[.?!]*$|^\W*$|^\d[\d\s:./-]*$",
    re.I,
)
NARRATIVE = re.compile(
    r"^(?:I|We|SW|Worker|T/?C|Visit(?:ed)?|Arrived|Met|Rang|Called|Spoke|Saw|Seen|Next|Emailed|Asked|Discussed|Explained|Advised|Reminded|Collected|Dropped|Attended)\b",
    re.I,
)
ASSESSMENT = re.compile(
    r"\b(?:no (?:concerns|worries)|my (?:view|opinion|analysis|assessment|impression|worry|concern)|i (?:am|was|remain) (?:\w+ )?(?:concerned|worried|satisfied|pleased|confident|reassured)|i (?:think|feel|believe|suspect|consider)|in my (?:view|opinion)|appears? (?:happy|settled|well|to)|(?:is|are) (?:settled|thriving|doing well)|risk (?:is|remains)|threshold|well (?:cared|presented))\b",
    re.I,
)
ASSESSMENT_LEAD = re.compile(
    r"(?:my (?:view|opinion|analysis|assessment|impression|worry|concern)s?(?: is(?: that)?|:)?|i (?:think|feel|believe|suspect|consider)(?: that)?|i (?:am|was|remain)|in my (?:view|opinion|professional opinion),?)\s",
    re.I,
)
ASKING = re.compile(
    r"(?:(?:and|so|but|or)\s)?(?:what|who|whose|why|how|when|where|which|is|are|was|were|do|does|did|can|could|would|will|should|has|have|had)\b",
    re.I,
)
BEHAVIOUR = re.compile(
    r"\b(?:smil(?:ed|es|ing)|cri(?:ed|es)|crying|clung|clings|laugh(?:ed|s|ing)|giggl\w+|hid\b|hides|hiding|point(?:ed|s) (?:to|at)|nodd?(?:ed|s)|shrugg?(?:ed|s)|shook (?:his|her|their) head|pull(?:ed|s) a face|turn(?:ed|s) away|cover(?:ed|s) (?:his|her) ears|push(?:ed|es) (?:it|him|her|the|away|me)|"
    r"thumbs? up|thumbs? down|rolled (?:his|her) eyes|reach(?:ed|es) (?:out|for|up)|arms (?:out|up)|held (?:out|on)|flapp\w+|rock(?:ed|ing)|screwed up|put (?:his|her|their) (?:hands?|head|hood|fingers?)|refused to (?:get|go|leave|come|enter|put|board)|ran (?:to|off|straight)|beamed|grinned|sobb\w+|whimper\w*|arched|settled (?:when|in)|gripped|threw (?:it|the|his|her)|"
    r"vocalis\w+|squeal\w+|squeez\w+|kissed|hugged|cuddled|buried|curled)\b",
    re.I,
)


def is_bare_fact(words: str, speaker: str) -> bool:
    """Whether reported words are a bare fact: an appointment, a time, an attendance figure."""
    if len(words.split()) < 1:
        return True
    fact = re.search(
        r"\b(?:appointment|appt|meeting|review|clinic|bus|train|address|number|tel|attendance)\b.{0,30}\b(?:is|at|on|was|of)\b.{0,20}(?:\d|monday|tuesday|wednesday|thursday|friday)",
        words,
        re.I,
    )
    return bool(fact) and speaker != "child"
