"""Cuts a note into segments: what form question a line answers, who has the turn, what was pasted from where.

Case notes are half prose, half form. A segment is the smallest piece with one heading, one label and one author: a paragraph, a bullet,
a turn in a transcript, a message in a thread, an entry of a chronology. Every segment carries its sentences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from voicenlp.text.headings import OTHER, Catalogue, Heading, catalogue
from voicenlp.text.lexicon import lexicon
from voicenlp.text.sentences import sentences
from voicenlp.text.surface import surface

__all__ = ["Segment", "Segmented", "is_empty_answer", "segment"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a note with one heading, one label and one author.

    Attributes
    ----------
    start, end : int
        Offsets of its content: stamp, bullet and label are outside.
    kind : str
        ``prose``, ``bullet``, ``answer`` (under or beside a form question), ``turn`` (transcript), ``message`` (thread), ``entry``
        (chronology), ``cell`` (of a table-like line), ``email`` (body of a pasted email), ``heading``, ``header`` (of an email or form).
    heading : Heading, optional
        The heading or question that it answers.
    label : str
        The words before the colon (``YP``, ``Mrs Khan (FC)``), else empty.
    label_start : int
        Offset of the label; -1 without one.
    author : str
        Who wrote it, where the note itself says so (``From:`` of an email); empty for the note's own author.
    block : int
        Number of the block (between blank lines or headings); what is "the paragraph before" counts on it.
    sentences : tuple of (int, int)
        Its sentences.
    """

    start: int
    end: int
    kind: str
    heading: Heading | None = None
    label: str = ""
    label_start: int = -1
    author: str = ""
    block: int = 0
    sentences: tuple[tuple[int, int], ...] = ()

    @property
    def asks(self) -> str:
        """Whose voice the heading asks for; empty without one."""
        return self.heading.asks if self.heading else ""


@dataclass(frozen=True)
class Segmented:
    """A note cut into segments.

    Attributes
    ----------
    view : str
        The note as `voicenlp.text.surface.surface` shows it; all offsets fit it and the note's own text alike.
    segments : list of Segment
        In reading order.
    present, empty : list of str
        Labels of the headings that stand in the note, and of those with nothing under them.
    """

    view: str
    segments: list[Segment]
    present: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


_TIME = r"\d{1,2}[:.]?\d{2}\s?(?:hrs?|h|am|pm|a\.m\.?|p\.m\.?)?"
_DAY = r"(?:Mon|Tue|Tues|Wed|Weds|Thu|Thur|Thurs|Fri|Sat|Sun)(?:day|sday|nesday|rsday|urday)?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)[a-z]*"
_DATE = rf"(?:\d{{1,2}}[/.\-]\d{{1,2}}(?:[/.\-]\d{{2,4}})?|\d{{1,2}}(?:st|nd|rd|th)?\s{_MONTH}(?:\s\d{{2,4}})?|{_DAY}\.?(?:\s\d{{1,2}}(?:st|nd|rd|th|[/.]\d{{1,2}})?(?:\s{_MONTH})?)?)"
_STAMP = re.compile(rf"\[?(?:{_DATE}(?:[,\s@–-]+(?:at\s)?{_TIME})?|{_TIME}(?:\s?[-–]\s?{_TIME})?)\]?(?=[\s:|,\-–—]|$)[\s:|,\-–—]*", re.I)
_MESSAGE = re.compile(
    rf"(?:\[[^\]]{{3,30}}\]\s*|(?:{_DATE}[,\s]+)?{_TIME}\s*[-–]?\s*)(?P<name>[A-Z][\w.'’\-]*(?:\s(?:[A-Z(][\w.'’\-)]*|\(\w+\))){{0,3}})\s*:\s*(?=\S)"
)
_NAMED_STAMP = re.compile(rf"(?P<name>[A-Z][\w'’]{{0,14}}(?:\s[A-Z][\w'’]*)?)\s+{_TIME}\s*:?\s+(?=\S)")
_LABEL = re.compile(r"(?P<label>[^\W\d_][^:|\n]{0,70}?)\s*(?P<sep>:(?!\d|//)|\s[-–—]\s|\s?[–—](?=\s))\s*")
_SAYING = re.compile(
    r"\s(?:said|says|wrote|writes|texted|replied|added|asked|answered|told|stated)(?: (?:to )?(?:me|us|him|her|them|SW))?$"
)
_BULLET = re.compile(r"\s*(?:[-*•·–—▪◦○>✓✔☑☐→]+|\(?\d{1,2}[.)]|\(?[a-h][.)]|\(?[ivx]{1,4}\))\s+(?=\S)")
_EMAIL_FIELD = re.compile(
    r"[\s>]*+(?P<field>From|Sent|To|Cc|CC|Bcc|Subject|Subj|Date|Re|RE|FW|Fwd|Importance|Attachments?)\s*:\s*(?P<value>.*)"
)
_CELL_EDGE = re.compile(r" \|(?= )|\t+| {4,}")
_RULE = re.compile(r"[\s\-_=*#~.•·>]{3,}$")
_QUESTION = re.compile(r"[^?]{4,140}\?\s*(?:\([^)]{0,80}\)\s*)?$")
_QUESTION_INLINE = re.compile(r"(?P<q>(?:(?:Q|q)?\d{1,2}[.):]?\s*|[A-Z]\d\.?\s*)?[A-Z][^?\n]{4,110}\?(?:\s*\([^)]{0,80}\))?)\s+(?=\S)")
_UPPER = re.compile(r"[^a-z]*[A-Z]{3}[^a-z]*$")
_EMPTY_ANSWER = re.compile(
    r"[\s\-–—_.…(\[]*(?:n/?a|not applicable|tbc|to be (?:confirmed|obtained|completed|added|updated)(?: [^.\n]{0,30})?|none|nil|not (?:recorded|obtained|known|completed|sought|given|available|returned)|(?:left )?blank|as above|see above|as previous|see (?:last|previous) \w+|\?+)?[\s.\-–—_…)\]]*$",
    re.I,
)
_SHORT_LABELS = frozenset(
    [
        "child",
        "present",
        "apologies",
        "chair",
        "date",
        "venue",
        "attending",
        "attended",
        "re",
        "dob",
        "subject",
        "subjects",
        "from",
        "to",
        "cc",
        "sent",
        "type",
        "worker",
        "name",
    ]
)


def segment(text: str, headings: Catalogue | None = None) -> Segmented:
    r"""Cut a note into segments.

    Parameters
    ----------
    text : str
        The note as it came in.
    headings : Catalogue, optional
        The authority's own headings; the package's if not given.

    Returns
    -------
    Segmented
        Offsets fit ``text``.

    Examples
    --------
    >>> note = "Seen at home.\n\nChild's views:\n- wants to stay\nYP: its fine"
    >>> [(s.kind, s.asks, s.label, note[s.start:s.end]) for s in segment(note).segments]
    [('prose', '', '', 'Seen at home.'), ('heading', 'child', '', "Child's views:"), ('bullet', 'child', '', 'wants to stay'), ('turn', 'child', 'YP', 'its fine')]
    """
    return _Cutter(text, surface(text), headings or catalogue()).run()


def is_empty_answer(view: str, start: int, end: int) -> bool:
    """Whether what stands under a heading is no answer to it.

    Examples
    --------
    >>> [is_empty_answer(words, 0, len(words)) for words in ("N/A", " - ", "to be obtained before review", "none of it is fair")]
    [True, True, True, False]
    """
    return end - start < 60 and _EMPTY_ANSWER.match(view, start, end) is not None


class _Cutter:
    """Walks down the lines of one note and remembers what is in force: heading, author, block."""

    def __init__(self, text: str, view: str, headings: Catalogue) -> None:
        self.text, self.view, self.headings = text, view, headings
        self.out: list[Segment] = []
        self.heading: Heading | None = None
        self.heading_own_line = False
        self.author = ""
        self.block = 0
        self.in_header = False
        self.present: list[str] = []
        self.empty: list[str] = []
        self.answered = True

    def run(self) -> Segmented:
        at, blank = 0, False
        for line in self.view.split("\n"):
            start, end = at, at + len(line)
            at = end + 1
            if not line.strip():
                if not blank:
                    self.block += 1
                    if self.heading is not None and not self.heading_own_line:
                        self.heading = None
                blank = True
                continue
            self.line(start, end, line)
            blank = False
        self._close_heading()
        return Segmented(self.view, self.out, self.present, self.empty)

    # one line -----------------------------------------------------------------------------------------------------------------------

    def line(self, start: int, end: int, line: str) -> None:
        if _RULE.fullmatch(line):
            self.block += 1
            return
        email = _EMAIL_FIELD.match(line)
        if email and self._email_header(email, start, end):
            return
        self.in_header = False
        message = _MESSAGE.match(line.lstrip("> "))
        if message:
            lead = len(line) - len(line.lstrip("> "))
            self._add("message", start + lead + message.end(), end, label=message["name"], label_start=start + lead + message.start("name"))
            return
        named = _NAMED_STAMP.match(line)
        if named and not re.match(r"(?:TC|Visit|VISIT|Seen|At|EDT|Duty|Call|Date|Time|LG|From|On|Visited)\b", line):
            self._add("message", start + named.end(), end, label=named["name"], label_start=start + named.start("name"))
            return
        at = start
        kind = "prose"
        bullet = _BULLET.match(line)
        whole = self._whole_heading(line, bullet)
        if whole:
            self._open_heading(whole, start, end, own_line=True)
            return
        if bullet:
            at, kind = start + bullet.end(), "bullet"
        stamp = _STAMP.match(self.view, at, end)
        if stamp and stamp.end() > at + 2 and stamp.end() < end:
            at, kind = stamp.end(), "entry"
            self.block += 1
        if self._table_like(at, end):
            self._cells(at, end)
            return
        if self._label(at, end, kind):
            return
        self._question_inline(at, end, kind)

    def _email_header(self, match: re.Match[str], start: int, end: int) -> bool:
        field_, value = match["field"], match["value"].strip()
        if field_ in ("Re", "RE", "Date", "FW", "Fwd", "To") and not self.in_header and field_ != "To":
            return False
        if field_ == "From":
            self.author, self.block = value, self.block + 1
            self._close_heading()
            self.heading = None
        if not self.in_header and field_ not in ("From", "Sent", "To", "Subject", "Subj", "Cc", "CC"):
            return False
        self.in_header = True
        self._add("header", start, end)
        return True

    def _whole_heading(self, line: str, bullet: re.Match[str] | None) -> Heading | None:
        words = line.strip()
        if len(words) > 160 or (bullet and words[0] in "-*•–—>"):
            return None
        known = self.headings.find(words)
        if known and (words.endswith((":", "?")) or bullet or len(words.split()) >= 2 or words.isupper() or words[0].isupper()):
            return known
        if words.endswith(":") and len(words) < 70:
            return known or (None if _SAYING.search(words.rstrip(": ")) else OTHER)
        if _QUESTION.match(words) and words[0].isupper() and len(words) < 140 and not self._turn_label(words):
            return known or Heading("question", "other question", "")
        if (
            _UPPER.match(words)
            and len(words) < 90
            and len(words.split()) < 14
            and ":" not in words
            and sum(c.isdigit() for c in words) < len(words) / 3
        ):
            return known or OTHER
        return None

    def _label(self, at: int, end: int, kind: str) -> bool:
        match = _LABEL.match(self.view, at, end)
        if not match or len(match["label"].split()) > 9:
            return False
        label, rest = match["label"].strip(), match.end()
        if _SAYING.search(label):
            return False  # "Tia wrote: I want to go home" is a sentence
        if match["sep"].strip() != ":" and not self._turn_label(label) and not self.headings.find(label):
            return False
        known = self.headings.find(label)
        speaker = self._turn_label(label)
        if known and not (
            known.id != "participation"
            and speaker
            and label.lower() not in _SHORT_LABELS
            and known.asks not in ("child", "parent", "carer", "worker", "manager", "professional")
        ):
            if rest >= end:
                self._open_heading(known, at, end, own_line=True)
                return True
            self._open_heading(known, at, rest, own_line=False)
            self._add("answer", rest, end, label=label, label_start=at)
            return True
        if speaker:
            self._add("turn" if match["sep"].strip() == ":" else kind, rest, end, label=label, label_start=at)
            return True
        if match["sep"].strip() == ":" and len(label.split()) <= 5 and label[0].isupper() and rest < end:
            self._add("answer" if kind == "prose" else kind, rest, end, label=label, label_start=at)
            return True
        return False

    @staticmethod
    def _turn_label(label: str) -> str:
        """Return a speaker for a label that names one: a role word, initials, or a name; ``name`` where only the cast can tell."""
        words = lexicon()
        bare = re.sub(r"\s*\([^)]*\)\s*$", "", label).strip(" .")
        role = words.role(bare)
        if role:
            return role.speaker
        if re.fullmatch(r"[A-Z]{1,3}|[A-Z]\.\s?[A-Z]\.?|[A-Z]-[A-Z]", bare):
            return "name"
        if (
            re.fullmatch(r"(?:(?:Mr|Mrs|Ms|Miss|Dr|PC|DC|DS|Prof)\.?\s)?[A-Z][\w'’\-]+(?:\s[A-Z][\w'’\-]*\.?){0,2}", bare)
            and "?" not in bare
        ):
            return "name" if not bare.isupper() or len(bare) <= 12 else ""
        match = words.pattern.match(bare)
        if match and len(bare.split()) <= 4:
            inner = words.role(match[0])
            return inner.speaker if inner and not inner.unsure else ""
        return ""

    def _table_like(self, at: int, end: int) -> bool:
        """Whether bars, tabs or wide gaps part a line; gaps in the text as it came, for blanked-out debris leaves gaps that part nothing."""
        if self.view.count(" | ", at, end) or "\t" in self.text[at:end].strip():
            return True
        return self.text.count("   ", at, end) >= 2 and re.search(r"\S {4,}\S", self.text[at:end]) is not None

    def _cells(self, at: int, end: int) -> None:
        edges = [at, *(edge for match in _CELL_EDGE.finditer(self.text, at, end) for edge in match.span()), end]
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            while a < b and self.view[a] in " |":
                a += 1
            while b > a and self.view[b - 1] in " |":
                b -= 1
            if not self._label(a, b, "cell"):
                self._add("cell", a, b)

    def _question_inline(self, at: int, end: int, kind: str) -> None:
        match = _QUESTION_INLINE.match(self.view, at, end)
        if match:
            known = self.headings.find(match["q"])
            if known or re.match(r"(?:Q?\d|[A-Z]\d)", match["q"]):
                self._open_heading(known or Heading("question", "other question", ""), at, match.end("q"), own_line=False)
                self._add("answer", match.end(), end)
                return
        self._add(
            kind if not (kind == "prose" and self.heading_own_line and self.heading and self.heading.id != "other") else "answer", at, end
        )

    # what is kept -------------------------------------------------------------------------------------------------------------------

    def _open_heading(self, heading: Heading, start: int, end: int, *, own_line: bool) -> None:
        self._close_heading()
        self.block += 1
        if heading.label not in self.present:
            self.present.append(heading.label)
        self.answered = False
        self.heading, self.heading_own_line = heading, own_line
        a, b = self._trim(start, end)
        self.out.append(Segment(a, b, "heading", heading, author=self.author, block=self.block))

    def _close_heading(self) -> None:
        if self.heading is not None and not self.answered and self.heading.label not in self.empty:
            self.empty.append(self.heading.label)
        self.answered = True

    def _add(self, kind: str, start: int, end: int, *, label: str = "", label_start: int = -1) -> None:
        a, b = self._trim(start, end)
        if a >= b:
            return
        if kind != "header" and not (self.heading is not None and is_empty_answer(self.view, a, b)):
            self.answered = True
        last = self.out[-1] if self.out else None
        if (
            kind in ("prose", "answer")
            and not label
            and last is not None
            and last.kind == kind
            and not last.label
            and last.block == self.block
            and last.heading is self.heading
            and self._runs_on(last.end, a)
        ):
            # a hard-wrapped paragraph: the sentence goes on in the next line
            self.out[-1] = replace(last, end=b, sentences=tuple(sentences(self.view, last.start, b)))
            return
        cut = tuple(sentences(self.view, a, b)) if kind != "header" else ()
        self.out.append(Segment(a, b, kind, self.heading, label, label_start, self.author, self.block, cut))

    def _runs_on(self, before: int, after: int) -> bool:
        left = self.view[max(0, before - 1) : before]
        if left == ":" and _SAYING.search(self.view[max(0, before - 40) : before].rstrip(": ")):
            return True  # "Mum told me:" and what she said on the next line
        return left not in '.!?:”"' and self.view[after : after + 1].islower() and self._line_length(before) > 55

    def _line_length(self, at: int) -> int:
        return at - (self.view.rfind("\n", 0, at) + 1)

    def _trim(self, start: int, end: int) -> tuple[int, int]:
        view = self.view
        while start < end and view[start].isspace():
            start += 1
        while end > start and view[end - 1].isspace():
            end -= 1
        return start, end
