"""The spaCy pipeline: components, extensions, and the one place where a ``Doc`` becomes rows.

``doc.spans`` holds the groups ``voice``, ``space``, ``audience`` and ``influence``. Their spans have the exact character edges that the
tagger gave: where an edge falls inside a token, the token is split, never the span widened.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.config import read_settings
from voicenlp.records import Note, Person
from voicenlp.records import Span as VoiceSpan
from voicenlp.taggers.models import DEFAULT_MODEL, open_tagger
from voicenlp.text.reading import read

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span

__all__ = ["ELEMENTS", "load", "make_segments", "make_tagger", "register", "spans_of"]

ELEMENTS = ("voice", "space", "audience", "influence")
_ATTRIBUTES = [
    "element",
    "speaker",
    "person",
    "person_id",
    "expression",
    "channel",
    "verbatim",
    "via",
    "challenge",
    "themes",
    "given",
    "how",
    "outcome",
    "of",
    "score",
    "tagger",
    "heading",
    "span_id",
]
_STORE = "voicenlp"


def load(model: str | Path | None = None) -> Language:
    """Return a spaCy ``Language`` that tags voices.

    Parameters
    ----------
    model : str or Path, optional
        Name of a model that comes with the package, or a folder; by default the one that the settings name (``voicenlp.toml``,
        ``VOICENLP_MODEL``).

    Returns
    -------
    spacy.Language
        With the components ``voice_segments`` and ``voice_tagger``.

    Raises
    ------
    ModelError
        If there is no such model, or it was made for another version.

    Examples
    --------
    >>> nlp = load("rules")
    >>> doc = nlp("Tia said she'd rather go swimming. Mum feels she is settled.")
    >>> [(span.text, span._.speaker, span._.expression) for span in doc.spans["voice"]]
    [('rather go swimming', 'child', ('wish',)), ('she is settled', 'parent', ('view',))]
    """
    import spacy

    register()
    nlp = spacy.blank("en")
    nlp.max_length = 20_000_000
    nlp.add_pipe("voice_segments")
    nlp.add_pipe("voice_tagger", config={"model": str(model) if model is not None else read_settings().model})
    return nlp


def register() -> None:
    """Make the factories and extensions known to spaCy; called by `load` and by spaCy's entry points, harmless twice."""
    from spacy.language import Language
    from spacy.tokens import Doc, Span

    if not Doc.has_extension("reading"):
        Doc.set_extension("note", default=None)
        Doc.set_extension("roster", default=())
        Doc.set_extension("reading", default=None)
    for name in _ATTRIBUTES:
        if not Span.has_extension(name):
            Span.set_extension(name, getter=_getter(name), setter=_setter(name))
    if not Language.has_factory("voice_segments"):
        Language.factory("voice_segments", assigns=["doc._.reading"], func=make_segments)
        Language.factory(
            "voice_tagger", default_config={"model": DEFAULT_MODEL}, requires=["doc._.reading"], assigns=["doc.spans"], func=make_tagger
        )


def make_segments(nlp: Language, name: str) -> _Segments:
    """Factory of ``voice_segments``: cuts the note and finds its people (``doc._.reading``)."""
    register()
    return _Segments()


def make_tagger(nlp: Language, name: str, model: str = DEFAULT_MODEL) -> _Tagger:
    """Factory of ``voice_tagger``: tags ``doc.spans`` with a model."""
    register()
    return _Tagger(model)


class _Segments:
    """Reads the note: its metadata from ``doc._.note``, the people in this child's life from ``doc._.roster``."""

    def __call__(self, doc: Doc) -> Doc:
        note: Note | None = doc._.note
        roster: Iterable[Person] = doc._.roster
        doc._.reading = read(note if note is not None else Note("", doc.text), roster)
        return doc


class _Tagger:
    """Tags with one model and sets ``doc.spans``."""

    def __init__(self, model: str) -> None:
        self.tagger = open_tagger(model)

    def __call__(self, doc: Doc) -> Doc:
        reading = doc._.reading
        if reading is None or reading.note.text != doc.text:
            reading = read(Note("", doc.text), doc._.roster)
        set_spans(doc, self.tagger.tag_reading(reading))
        return doc


def set_spans(doc: Doc, spans: Iterable[VoiceSpan]) -> None:
    """Write spans into ``doc.spans``, splitting tokens where an edge falls inside one."""
    from spacy.tokens import SpanGroup

    rows = list(spans)
    _split_tokens(doc, {edge for row in rows for edge in (row.start, row.end)})
    store: dict[tuple[int, int, str], VoiceSpan] = doc.user_data.setdefault(_STORE, {})
    groups: dict[str, list[Any]] = {element: [] for element in ELEMENTS}
    for row in rows:
        label = row.speaker if row.element == "voice" else row.element
        span = doc.char_span(row.start, row.end, label=label)
        if span is None:
            raise AssertionError(f"edges {row.start} and {row.end} do not fall on tokens")
        store[_key(span)] = row
        groups.setdefault(row.element, []).append(span)
    for element, members in groups.items():
        doc.spans[element] = SpanGroup(doc, name=element, spans=members)


def spans_of(doc: Doc) -> list[VoiceSpan]:
    """Return the rows behind ``doc.spans``, corrections made through ``span._`` included.

    Examples
    --------
    >>> doc = load("rules")("Mum said Ava wants to live with her dad.")
    >>> [(row.element, row.speaker, row.via) for row in spans_of(doc)]
    [('voice', 'child', 'parent')]
    """
    store = doc.user_data.get(_STORE, {})
    rows = [store[_key(span)] for element in ELEMENTS if element in doc.spans for span in doc.spans[element] if _key(span) in store]
    return sorted(rows, key=lambda row: (row.start, -row.end, row.element))


def _split_tokens(doc: Doc, edges: set[int]) -> None:
    inside = []
    ordered, at = sorted(edges), 0
    for token in doc:
        first, last = token.idx, token.idx + len(token)
        while at < len(ordered) and ordered[at] <= first:
            at += 1
        cuts = []
        while at < len(ordered) and ordered[at] < last:
            cuts.append(ordered[at] - first)
            at += 1
        if cuts:
            inside.append((token.i, cuts))
    if not inside:
        return
    with doc.retokenize() as retokenizer:
        for index, cuts in inside:
            token = doc[index]
            borders = [0, *cuts, len(token)]
            parts = [token.text[a:b] for a, b in pairwise(borders)]
            retokenizer.split(token, parts, heads=[(token, n) for n in range(len(parts))])


def _key(span: Span) -> tuple[int, int, str]:
    return span.start_char, span.end_char, span.label_


def _getter(name: str) -> Any:
    def get(span: Span) -> Any:
        row = span.doc.user_data.get(_STORE, {}).get(_key(span))
        return getattr(row, name) if row is not None else None

    return get


def _setter(name: str) -> Any:
    def put(span: Span, value: Any) -> None:
        from dataclasses import replace

        store = span.doc.user_data.get(_STORE, {})
        row = store.get(_key(span))
        if row is None:
            raise ValueError("this span was not made by voicenlp")
        store[_key(span)] = replace(row, **{name: value})

    return put
