"""The rule tagger: transparent, fast, and the baseline that every trained tagger has to beat.

Each sentence is read for quotation marks, for reporting words with their subjects (`voicenlp.taggers.cues`), for what its place tells (a
turn of a transcript, a message, the answer to a form question, a letter), and for chances, audience and influence
(`voicenlp.taggers.chances`). Every span names the rule that made it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from voicenlp.records import Note, Person, Span
from voicenlp.taggers.attributes import challenge_of, channel_of, expression_of, themes_of
from voicenlp.taggers.base import numbered
from voicenlp.taggers.boxes import ASKED, blank_answer, seen_answer
from voicenlp.taggers.chances import chances
from voicenlp.taggers.clauses import clause_end, content_edges, trim, with_negation
from voicenlp.taggers.cues import Cue, cues
from voicenlp.taggers.kinds import ASKING, ASSESSMENT, ASSESSMENT_LEAD, BEHAVIOUR, FIRST, LOGISTICS, NARRATIVE, OPINION, is_bare_fact
from voicenlp.taggers.overlaps import tidy
from voicenlp.taggers.quotes import quoted
from voicenlp.taggers.turns import asked_by, child_in, labelled, quoted_by, writer_of_email
from voicenlp.text.headings import Catalogue
from voicenlp.text.lexicon import Lexicon, lexicon
from voicenlp.text.people import Actor
from voicenlp.text.reading import Reading, read
from voicenlp.text.segmenter import Segment, is_empty_answer

__all__ = ["RuleTagger"]

_QUESTION_CUE = re.compile(r"\b(?:asked|ask|asks)\b", re.I)
_TOLD_WHOM = re.compile(r"\s+(?:to\s+)?(?:me|us|him|her|them|SW|the SW)\b(?=\s*[,:\"“”‘'])", re.I)
_DIRECT = re.compile(r"\s*(?:(?:to\s+)?(?:me|us|him|her|them|SW|the SW)\s*)?:\s*(?=\S)", re.I)
_NOTHING = re.compile(
    r"(?:hello|hi|goodbye|bye|thank)|(?:nothing|very little|little|not much|no more)(?: (?:at all|more|else|further|to me))?\Z", re.I
)
_WROTE = re.compile(r"texted|wrote|writes|writing", re.I)
_OWN_LETTER = ("child", "parent", "carer", "family")
_MAX_SENTENCE = 1200


class RuleTagger:
    """Tags voice, space, audience and influence by rules.

    Parameters
    ----------
    headings : Catalogue, optional
        An authority's own headings.
    words : Lexicon, optional
        An authority's own role words.

    Examples
    --------
    >>> note = Note("n1", "Mum said Ava wants to live with her dad.")
    >>> span = RuleTagger().tag(note)[0][0]
    >>> note.text[span.start:span.end], span.speaker, span.person, span.via, span.expression
    ('wants to live with her dad', 'child', 'Ava', 'parent', ('wish',))
    """

    name = "rules"

    def __init__(self, headings: Catalogue | None = None, words: Lexicon | None = None) -> None:
        self.headings, self.words = headings, words or lexicon()

    def tag(self, note: Note, roster: Iterable[Person] = ()) -> tuple[list[Span], list[str], list[str]]:
        """Return the spans of a note, the headings in it, and the empty ones.

        Parameters
        ----------
        note : Note
            Any text: one line or 100,000 words.
        roster : iterable of Person
            The people in this child's life, where known.
        """
        reading = read(note, roster, self.headings, self.words)
        return self.tag_reading(reading), reading.segmented.present, reading.segmented.empty

    def tag_reading(self, reading: Reading) -> list[Span]:
        """Return the spans of a note that has been read already."""
        return numbered(_Reader(reading, self.words).run())


def _says_something(words: str) -> bool:
    """Whether there are letters, figures or an emoji in it."""
    return (len(words) > 1 and any(c.isalnum() for c in words)) or any(unicodedata.category(c) == "So" for c in words)


class _Reader:
    """Reads one note from top to bottom and remembers who had the word last."""

    def __init__(self, reading: Reading, words: Lexicon) -> None:
        self.view, self.cast, self.segments = reading.view, reading.cast, reading.segmented.segments
        self.words = words
        self.out: list[Span] = []
        self.topic: Actor | None = None
        self.flow = False
        self.block = -1
        self.counter = 0

    def run(self) -> list[Span]:
        for index, segment in enumerate(self.segments):
            if segment.block != self.block:
                self.block, self.flow = segment.block, False
            if segment.kind == "header":
                continue
            if segment.kind == "heading":
                self.topic = None
                if not self._seen_box(index) and self.view[segment.end - 1] not in "?:":
                    self._chances(segment.start, segment.end)
                self._left_blank(index)
                continue
            if segment.asks in ASKED and is_empty_answer(self.view, segment.start, segment.end):
                continue
            self.label = labelled(segment, self.cast, self.words)
            for start, end in segment.sentences:
                while end - start > _MAX_SENTENCE:
                    # no stop for pages: cut at a blank, so that time stays in proportion to length
                    blank = self.view.rfind(" ", start + 1, start + _MAX_SENTENCE)
                    cut = blank if blank > 0 else start + _MAX_SENTENCE
                    self.sentence(segment, start, cut)
                    start = cut
                self.sentence(segment, start, end)
        return tidy(self.view, self.out, self.segments)

    def _seen_box(self, index: int) -> bool:
        """A box that asks whether the child was seen: read its answer, and have nothing else read question or answer as a chance."""
        head = self.segments[index]
        following = self.segments[index + 1] if index + 1 < len(self.segments) else None
        answer = following if following is not None and following.kind != "heading" and following.heading is head.heading else None
        found = seen_answer(self.view, head, answer)
        if found is None:
            return False
        start, end, given, how = found
        child = self.cast.focus
        self.counter += 1
        self.out.append(
            Span("space", start, end, "child", child.name if child else "", child.person_id if child else "", given=given, how=how, score=0.9,
                 tagger=f"rules:space.box_{how}", span_id=f"t{self.counter}")
        )  # fmt: skip
        return True

    def _left_blank(self, index: int) -> None:
        """A heading that asks for somebody's view, with nothing or no more than "N/A" under it, is a missed chance."""
        empty = blank_answer(self.view, self.segments, index)
        if empty is None:
            return
        asked = asked_by(self.view, empty, self.cast)
        self.counter += 1
        self.out.append(
            Span("space", empty.start, empty.end, self.segments[index].asks, asked.name if asked else "", asked.person_id if asked else "", given=False,
                 how="left_blank", score=0.6, tagger="rules:space.left_blank", span_id=f"t{self.counter}")
        )  # fmt: skip

    # one sentence -------------------------------------------------------------------------------------------------------------------

    def sentence(self, segment: Segment, start: int, end: int) -> None:
        view = self.view
        text = view[start:end]
        label = self.label
        earlier = len(self.out)
        self._chances(start, end)
        missed = any(s.given is False for s in self.out[earlier:])
        own = label is not None and segment.kind in ("turn", "message") and label.speaker not in ("practitioner",)
        if own and label is not None:
            self._own_words(segment, start, end, label)
            return
        if (
            self.cast.author.speaker in _OWN_LETTER
            and not segment.author
            and self.cast.author.speaker in ("child", "parent")
            and FIRST.search(text)
        ):
            self._own_words(segment, start, end, self.cast.author, written=True)
            return
        if (
            segment.author
            and (author := writer_of_email(segment, self.cast, self.words)) is not None
            and FIRST.search(text)
            and not LOGISTICS.match(text)
        ):
            self._own_words(segment, start, end, author, written=True)
            return
        floor = segment.start - 600
        found = cues(view, start, end, self.cast, self.topic, max(0, floor), asked_by(self.view, segment, self.cast) or self.cast.focus)
        marks = quoted(view, start, end)
        before = len(self.out)
        if found and not (text.endswith("?") and ASKING.match(text)):
            self._reported(segment, start, end, found, marks)
        self._loose_quotes(segment, start, end, marks, found, before)
        if len(self.out) == before and not missed:
            self._placed(segment, start, end, text)
        self.flow = len(self.out) > before and self.out[-1].speaker not in ("practitioner", "manager")

    # reported speech ----------------------------------------------------------------------------------------------------------------

    def _reported(self, segment: Segment, start: int, end: int, found: list[Cue], marks: list[tuple[int, int]]) -> None:
        view = self.view
        relayer: Actor | None = None
        skip = -1
        for index, cue in enumerate(found):
            if cue.start < skip or cue.actor is None:
                continue
            if any(a <= cue.start < b for a, b in marks):
                continue  # inside somebody's own words
            actor = cue.actor
            if segment.kind == "bullet" and actor is self.cast.author and self.topic is not None and self.topic.speaker in _OWN_LETTER:
                actor = self.topic  # a list of somebody's points in their own "I"
            if cue.kind == "said" and not marks and actor.speaker != "practitioner" and (direct := _DIRECT.match(view, cue.end, end)):
                a, b = trim(view, direct.end(), end)
                if FIRST.search(view, a, b):
                    # "Tia wrote: I want to go home": from the colon on, "I" is she
                    channel = "written" if _WROTE.match(view, cue.start, cue.end) else "spoken"
                    self._voice(a, b, actor, "direct.said", verbatim=True, channel=channel, context=view[start:end])
                    self.topic = actor
                    return
            nxt = clause_end(found, index, end, marks)
            if not cue.keep and cue.kind == "said":
                inner = found[index + 1] if index + 1 < len(found) else None
                if (
                    inner is not None
                    and inner.stated
                    and inner.actor is not actor
                    and inner.subject - cue.end < 14
                    and inner.actor is not None
                ):
                    if inner.actor.speaker not in ("practitioner", "manager") or actor.speaker in ("practitioner", "manager"):
                        relayer = actor
                    continue
                if inner is not None and inner.keep and inner.stated and inner.actor is actor and inner.subject - cue.end < 7:
                    continue  # "said she'd rather …": the verb of wanting bears it
            if cue.keep:
                a = cue.start + 2 if view.startswith("d ", cue.start) else cue.start  # "she'd rather": the mark and its "d" stay outside
                a = with_negation(self.view, a, max(start, cue.subject))
            else:
                told = _TOLD_WHOM.match(view, cue.end, nxt)
                a = told.end() if told else cue.end
            a, b = content_edges(self.view, a, nxt, keep=cue.keep)
            if not _says_something(view[a:b]):
                continue
            if self._settled(cue, start, a, b):
                continue
            words = view[a:b]
            if actor.speaker == "practitioner" and (
                cue.kind in ("said",)
                or _QUESTION_CUE.match(words)
                or re.match(r"(?:will|won|would|need|want(?:ed)? to (?:ask|check|see|know))", words, re.I)
            ):
                continue
            if cue.kind == "said" and (is_bare_fact(words, actor.speaker) or _NOTHING.match(words)):
                continue
            if (
                cue.kind in ("wanted",)
                and re.match(r"asked (?:if|whether|me if)", words, re.I)
                and actor.speaker in ("professional", "manager")
            ):
                continue
            via = ""
            if relayer is not None and relayer is not actor and relayer.speaker != "practitioner":
                via = relayer.speaker
            elif self.cast.author.speaker == "professional":
                via = ""
            inside = sum(max(0, min(b, y) - max(a, x)) for x, y in marks)
            verbatim = inside * 2 > b - a
            if verbatim and len(marks) == 1 and not cue.keep and marks[0][0] - a <= 2:
                a, b = marks[0][0], min(b, marks[0][1])
            self._voice(
                a,
                b,
                actor,
                f"{'nested' if via else 'indirect'}.{cue.kind}",
                base=cue.expression,
                via=via,
                verbatim=verbatim,
                channel="written" if _WROTE.match(view, cue.start, cue.end) else "spoken",
                context=view[start:end],
            )
            self.topic = actor
            skip = b if not cue.keep else cue.end

    def _settled(self, cue: Cue, start: int, a: int, b: int) -> bool:
        """Whether the words are taken: declining to speak is a missed chance and no wish; "Agreed to …" of a task is not the last speaker's view."""
        for span in reversed(self.out):
            if span.end <= start:
                return False
            if span.start < b and a < span.end:
                if span.element == "space" and span.how == "declined" and cue.kind == "wanted":
                    return True
                if span.element == "influence" and not cue.stated and cue.kind == "judged":
                    return True
        return False

    # quotation marks without a reporting word -----------------------------------------------------------------------------------------

    def _loose_quotes(self, segment: Segment, start: int, end: int, marks: list[tuple[int, int]], found: list[Cue], before: int) -> None:
        for a, b in marks:
            if any(s.start < b and a < s.end for s in self.out[before:] if s.element == "voice"):
                continue
            actor = (
                quoted_by(self.cast, start, a, b, found)
                or self.label
                or self.topic
                or asked_by(self.view, segment, self.cast)
                or self.cast.focus
            )
            if actor is None or (actor.speaker == "practitioner" and actor is self.cast.author):
                continue
            self._voice(a, b, actor, "quote", verbatim=True, context=self.view[start:end])
            self.topic = actor

    # what the place of a sentence tells -----------------------------------------------------------------------------------------------

    def _own_words(self, segment: Segment, start: int, end: int, actor: Actor, written: bool = False) -> None:
        """A turn, a message or a letter: the sentence is the person's own."""
        text = self.view[start:end]
        a, b = trim(self.view, start, end)
        if b <= a or LOGISTICS.match(text):
            if not (len(text) < 30 and not text.isascii()):
                return
            a, b = start, end
        if text.endswith("?") and not re.search(r"\b(?:can|could|will|would|do i|am i|why|please|when)\b", text, re.I):
            return
        if actor.speaker in ("professional", "manager") and not (OPINION.search(text)):
            return
        if len(text.split()) < 2 and actor.speaker != "child":
            return
        written = written or segment.kind == "message"
        inner = quoted(self.view, start, end)
        if len(inner) == 1 and inner[0][0] - start <= 2 and end - inner[0][1] <= 3:
            a, b = inner[0]
        verbatim = bool(
            written or FIRST.search(text) or inner or (actor.speaker == "child" and not re.match(r"(?:he|she|they)\b", text, re.I))
        )
        self._voice(
            a,
            b,
            actor,
            "letter" if written and segment.kind != "message" else segment.kind,
            verbatim=verbatim,
            channel="written" if written else "spoken",
            context=text,
        )
        self.topic = actor

    def _placed(self, segment: Segment, start: int, end: int, text: str) -> None:
        """No reporting word and no quote: the heading, the flow, or the worker's own assessment."""
        if text.endswith("?") or LOGISTICS.match(text):
            return
        a, b = trim(self.view, start, end)
        if b - a < 3:
            return
        asks = segment.asks
        asked = asked_by(self.view, segment, self.cast)
        author = self.cast.author
        if (
            asks in ("child", "parent", "carer", "family")
            and asked is not None
            and segment.kind in ("answer", "bullet", "prose", "turn", "entry", "cell")
        ):
            if NARRATIVE.match(text) or re.match(r"(?:n/?a|none|not|no views|unable|too young|see above|as above)\b", text, re.I):
                return
            if (
                segment.heading is not None
                and segment.heading.id in ("child_question", "house_worries", "house_good", "house_dreams", "child_told", "child_views")
            ) or len(text.split()) < 9:
                self._voice(
                    a,
                    b,
                    asked,
                    f"answer.{segment.heading.id if segment.heading else 'form'}",
                    verbatim=bool(FIRST.search(text)),
                    context=text,
                )
                return
        if (
            asks in ("worker", "manager")
            and asked is not None
            and segment.kind in ("answer", "prose", "bullet", "turn")
            and OPINION.search(text)
        ):
            self._voice(a, b, asked, f"assessment.{asks}", base="view", context=text)
            return
        if (
            self.label is not None
            and self.label.speaker in ("professional", "manager", "practitioner")
            and segment.kind == "turn"
            and OPINION.search(text)
            and not FIRST.match(text)
        ):
            self._voice(a, b, self.label, "turn.opinion", base="view", context=text)
            return
        behaviour = BEHAVIOUR.search(text)
        if behaviour and (subject := child_in(self.cast, start, end, self.topic)) is not None:
            first = start + behaviour.start()
            x, y = trim(self.view, first, end)
            self._voice(x, y, subject, "behaviour", base="feeling", channel="behaviour", context=text)
            return
        if (
            self.flow
            and self.topic is not None
            and self.topic.speaker not in ("practitioner", "manager")
            and re.match(r"(?:he|she|they|it|it['’]s|there|that|this|not|nobody|no one|his|her|everyone)\b", text, re.I)
            and not re.search(r"\b(?:I|SW|we)\b", text)
        ):
            self._voice(a, b, self.topic, "flow", context=text)
            return
        if author.speaker in ("practitioner", "manager") and ASSESSMENT.search(text):
            lead = ASSESSMENT_LEAD.match(text)
            if lead:
                a = start + lead.end()
            self._voice(a, b, author, "assessment.worker", base="view", context=text)

    # making spans -------------------------------------------------------------------------------------------------------------------

    def _voice(
        self,
        start: int,
        end: int,
        actor: Actor,
        rule: str,
        *,
        base: str = "",
        via: str = "",
        verbatim: bool = False,
        channel: str = "spoken",
        context: str = "",
    ) -> None:
        if end <= start:
            return
        words = self.view[start:end]
        expression = expression_of(words, base)
        if channel == "spoken" and not rule.endswith(".said"):  # what is said about a drawing is spoken
            channel = channel_of(context)
            if channel == "creative" and actor.speaker != "child":
                channel = "spoken"
        self.counter += 1
        speaker = actor.speaker
        self.out.append(
            Span(
                "voice", start, end, speaker, actor.name, actor.person_id, expression, channel, verbatim, via,
                challenge_of(words, expression, speaker), themes_of(words, context),
                score=_SCORES.get(rule.split(".")[0], 0.4) * (1.0 if actor.sure else 0.8), tagger=f"rules:{rule}", span_id=f"t{self.counter}",
            )
        )  # fmt: skip

    def _chances(self, start: int, end: int) -> None:
        default = self.topic if self.topic is not None and self.topic.speaker in ("child", "parent", "carer", "family") else self.cast.focus
        for span in chances(self.view, start, end, self.cast, default):
            self.counter += 1
            of: tuple[str, ...] = ()
            if span.element == "influence":
                answered = [
                    s
                    for s in self.out[-12:]
                    if s.element == "voice"
                    and s.speaker == span.speaker
                    and span.start - s.end < 700
                    and {"wish", "view", "feeling"} & set(s.expression)
                ]
                wishes = [s for s in answered if "wish" in s.expression]
                chosen = (wishes or answered)[-1:]
                if not chosen:
                    continue  # an action that answers nobody is a task, not influence
                of = (chosen[0].span_id,)
                span = replace(span, speaker=chosen[0].speaker, person=chosen[0].person, person_id=chosen[0].person_id)
            self.out.append(replace(span, of=of, span_id=f"t{self.counter}"))


# How far each kind of rule is trusted: an order, no calibrated probability.
_SCORES = {
    "indirect": 0.5,
    "direct": 0.5,
    "nested": 0.5,
    "quote": 0.5,
    "turn": 0.5,
    "message": 0.6,
    "letter": 0.4,
    "answer": 0.4,
    "assessment": 0.4,
    "behaviour": 0.3,
    "flow": 0.3,
}
