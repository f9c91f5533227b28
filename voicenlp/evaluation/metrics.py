"""Predictions measured against a gold standard.

Spans are matched one to one within an element. The headline is the F1 of spans that are matched at an intersection over union of at
least one half and have the speaker right; attributes are measured on the matched spans alone, so that they do not count a missed span
twice. Intervals come from a percentile bootstrap over records, since spans of one record are not independent
(Efron and Tibshirani 1993, *An Introduction to the Bootstrap*, chapter 13).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from voicenlp.errors import InputError, UsageError
from voicenlp.evaluation.calibration import calibrate, risk_coverage
from voicenlp.evaluation.counts import ELEMENTS, Compared, Key, compare
from voicenlp.evaluation.results import Evaluation, Interval, Score, Scores, Share
from voicenlp.io.annotations import Record
from voicenlp.scheme import default_scheme

__all__ = ["evaluate", "group_value", "paired"]

_AGE_BANDS = ((1, "under 1"), (5, "1 to 4"), (10, "5 to 9"), (16, "10 to 15"), (18, "16 and 17"))
_UNKNOWN = "not known"
_CHUNK = 100  # bootstrap samples drawn at once: bounds memory on large corpora


def evaluate(pred: Iterable[Record], gold: Iterable[Record], by: Sequence[str] = (), bootstrap: int = 1000, seed: int = 0) -> Evaluation:
    """Measure predicted spans against gold spans.

    Parameters
    ----------
    pred, gold : iterable of Record
        Paired by ``note_id``. A gold record without a prediction counts as predicted empty; predicted records that are not in the gold
        are left out. Both are said in the result.
    by : sequence of str
        Columns of the gold's metadata to measure by, each value apart; see `group_value`.
    bootstrap : int
        Samples of records to draw for the intervals; 0 for none.
    seed : int
        Seed of the draw.

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        If the texts of a record differ, an id stands twice, or the two have no record in common.
    UsageError
        If a column of ``by`` stands in no record, or ``bootstrap`` is negative.

    Examples
    --------
    >>> from voicenlp.records import Span
    >>> text = "Tia wants to swim. Mum is tired."
    >>> gold = [Record("n1", text, (Span("voice", 4, 17, "child"), Span("voice", 23, 31, "parent")))]
    >>> pred = [Record("n1", text, (Span("voice", 4, 17, "child"), Span("voice", 23, 31, "carer")))]
    >>> result = evaluate(pred, gold, bootstrap=0)
    >>> result.scores.spans["voice"]["exact"].f1, result.headline.f1, result.kinds
    (1.0, 0.5, {'wrong speaker': 1})
    """
    if bootstrap < 0:
        raise UsageError(f"bootstrap {bootstrap} is negative")
    pairs, missing, extra = paired(pred, gold)
    _check_columns([record for record, _ in pairs], by)
    compared = [compare(one.note_id, one.spans, other.spans if other else (), _people(one)) for one, other in pairs]
    counts, keys = _matrix(compared)
    scores = _scores(counts, keys, bootstrap, seed)
    groups: dict[str, dict[str, Scores]] = {}
    for column in by:
        values = [group_value(record, column) for record, _ in pairs]
        groups[column] = {
            value: _scores(counts[[number for number, one in enumerate(values) if one == value]], keys, bootstrap, seed)
            for value in sorted(set(values), key=lambda value: (value == _UNKNOWN, _age_order(value), value))
        }
    confusion: dict[str, dict[str, int]] = {}
    total: Counter[tuple[str, str]] = sum((one.speakers for one in compared), Counter())
    for (expected, found), number in sorted(total.items()):
        confusion.setdefault(expected, {})[found] = number
    rated = [pair for one in compared for pair in one.scores]
    score, right = [pair[0] for pair in rated], [pair[1] for pair in rated]
    return Evaluation(
        scores=scores,
        groups=groups,
        missing=missing,
        extra=extra,
        confusion=confusion,
        calibration=calibrate(score, right),
        risk_coverage=risk_coverage(score, right, gold=sum(len(record.spans) for record, _ in pairs)),
        mistakes=tuple(mistake for one in compared for mistake in one.mistakes),
        bootstrap=bootstrap,
        seed=seed,
    )


def paired(pred: Iterable[Record], gold: Iterable[Record]) -> tuple[list[tuple[Record, Record | None]], tuple[str, ...], tuple[str, ...]]:
    """Pair predicted with gold records by id.

    Returns
    -------
    pairs : list of tuple
        Each gold record with its prediction or None, in the order of the gold.
    missing, extra : tuple of str
        Ids of gold records without prediction, and of predicted records without gold.

    Raises
    ------
    InputError
        If the texts of a record differ, an id stands twice, or the two have no record in common.
    """
    golds, preds = _by_id(gold, "gold"), _by_id(pred, "prediction")
    if golds and preds and not golds.keys() & preds.keys():
        raise InputError(f"no record in common: the gold begins with {next(iter(golds))!r}, the prediction with {next(iter(preds))!r}")
    for note_id, record in golds.items():
        other = preds.get(note_id)
        if other is not None and other.text != record.text:
            place = next((i for i, (a, b) in enumerate(zip(record.text, other.text, strict=False)) if a != b), None)
            if place is None:
                place = min(len(record.text), len(other.text))
            lengths = f"{len(record.text)} and {len(other.text)} characters"
            raise InputError(f"record {note_id!r}: gold and prediction are of different texts, from character {place} on ({lengths})")
    pairs = [(record, preds.get(note_id)) for note_id, record in golds.items()]
    return pairs, tuple(one for one in golds if one not in preds), tuple(one for one in preds if one not in golds)


def group_value(record: Record, column: str) -> str:
    """Return the value of a metadata column for a record, as text; ``not known`` where there is none.

    Parameters
    ----------
    record : Record
    column : str
        Key of the metadata, with dots for nested ones (``focus_child.age``). Where the metadata do not have them, ``age_band`` is made
        of ``age`` or ``focus_child.age`` (the bands of the children looked after return) and ``writer`` is the folder of the record's id.

    Raises
    ------
    UsageError
        If the value is a list or an object.

    Examples
    --------
    >>> record = Record("s1/01", "", meta={"record_type": "visit", "focus_child": {"age": 9}})
    >>> [group_value(record, column) for column in ("record_type", "age_band", "writer", "region")]
    ['visit', '5 to 9', 's1', 'not known']
    """
    value = _looked_up(record.meta, column)
    if value is None and column == "age_band":
        age = _looked_up(record.meta, "age")
        age = _looked_up(record.meta, "focus_child.age") if age is None else age
        if isinstance(age, (int, float)) and not isinstance(age, bool):
            value = next((name for limit, name in _AGE_BANDS if age < limit), "18 and over")
    if value is None and column == "writer" and "/" in record.note_id:
        value = record.note_id.rsplit("/", 1)[0]
    if isinstance(value, (list, dict)):
        raise UsageError(f"can't measure by {column!r}: it holds a {type(value).__name__} in record {record.note_id!r}, not one value")
    return _UNKNOWN if value is None or value == "" else str(value)


def _looked_up(meta: Mapping[str, Any], column: str) -> Any:
    if column in meta:
        return meta[column]
    value: Any = meta
    for part in column.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _check_columns(records: Sequence[Record], by: Sequence[str]) -> None:
    for column in by:
        if records and all(group_value(record, column) == _UNKNOWN for record in records):
            known = sorted({key for record in records for key, value in record.meta.items() if not isinstance(value, (list, dict))})
            raise UsageError(f"can't measure by {column!r}: no record has it (there are: {', '.join(known) or 'none'}, age_band, writer)")


def _age_order(value: str) -> int:
    names = [name for _, name in _AGE_BANDS] + ["18 and over"]
    return names.index(value) if value in names else 0


def _people(record: Record) -> list[Mapping[str, Any]]:
    people = record.meta.get("people")
    return [one for one in people if isinstance(one, Mapping)] if isinstance(people, list) else []


def _by_id(records: Iterable[Record], what: str) -> dict[str, Record]:
    out: dict[str, Record] = {}
    for record in records:
        if record.note_id in out:
            raise InputError(f"record {record.note_id!r} stands twice in the {what}")
        out[record.note_id] = record
    return out


def _matrix(compared: Sequence[Compared]) -> tuple[np.ndarray, list[Key]]:
    """Counts as an array of records by measures by (right, gold, pred), the measures in the order in which they are shown."""
    measures = ("exact", "iou", "characters", "speaker")
    always = [Key("spans", element, measure) for element in (*ELEMENTS, "all") for measure in measures]
    keys = list(dict.fromkeys([*always, *sorted({key for one in compared for key in one.counts}, key=_order())]))
    place = {key: number for number, key in enumerate(keys)}
    counts = np.zeros((len(compared), len(keys), 3), dtype=np.int64)
    for row, one in enumerate(compared):
        for key, sums in one.counts.items():
            counts[row, place[key]] = sums
    return counts, keys


def _order() -> Callable[[Key], tuple[Any, ...]]:
    scheme = default_scheme()
    attributes = [
        "speaker",
        "person",
        "expression",
        "themes",
        "channel",
        "verbatim",
        "via",
        "challenge",
        "given",
        "how",
        "outcome",
        "links",
    ]
    values = [*scheme.speakers, *scheme.expressions, *scheme.themes, *scheme.channels, *scheme.given, *scheme.missed, *scheme.outcomes]
    names = [*ELEMENTS, "all"]

    def order(key: Key) -> tuple[Any, ...]:
        name, _, role = key.name.partition(" ")
        where = attributes.index(name) if name in attributes else names.index(name) if name in names else len(names)
        value = role or key.measure.removeprefix("label ")
        place = values.index(value) if value in values else len(values)
        return (
            ["spans", "speakers", "attributes"].index(key.part),
            where,
            name,
            key.measure.startswith("label "),
            not key.share,
            place,
            value,
        )

    return order


def _scores(counts: np.ndarray, keys: Sequence[Key], bootstrap: int, seed: int) -> Scores:
    sums = counts.sum(axis=0)
    intervals = _bootstrap(counts, bootstrap, seed)
    spans: dict[str, dict[str, Score]] = {}
    speakers: dict[str, dict[str, Score]] = {}
    attributes: dict[str, dict[str, Score | Share]] = {}
    for number, key in enumerate(keys):
        right, gold, pred = (int(one) for one in sums[number])
        if key.part != "spans" and not gold and not pred:
            continue
        bounds = tuple(_interval(intervals, kind, number) for kind in range(3)) if intervals is not None else (None, None, None)
        score = Score.of(right, gold, pred, (bounds[0], bounds[1], bounds[2]))
        if key.part == "spans":
            spans.setdefault(key.name, {})[key.measure] = score
        elif key.part == "speakers":
            name, _, role = key.name.partition(" ")
            speakers.setdefault(name, {})[role] = score
        else:
            share = Share(right, gold, right / gold, bounds[1]) if key.share else score
            attributes.setdefault(key.name, {})[key.measure] = share
    return Scores(len(counts), spans, speakers, attributes)


def _bootstrap(counts: np.ndarray, samples: int, seed: int) -> np.ndarray | None:
    """Percentiles 2.5 and 97.5 of precision, recall and F1 of every measure: an array of 2 by 3 by measures; None for too few records."""
    records, measures, _ = counts.shape
    if not samples or records < 2:
        return None
    rng = np.random.default_rng(seed)
    flat = counts.reshape(records, -1).astype(float)
    drawn = np.empty((samples, 3, measures))
    for start in range(0, samples, _CHUNK):
        size = min(_CHUNK, samples - start)
        sums = (rng.multinomial(records, np.full(records, 1 / records), size=size) @ flat).reshape(size, measures, 3)
        right, gold, pred = sums[..., 0], sums[..., 1], sums[..., 2]
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.where(pred > 0, right / pred, 0.0)
            values = np.stack([precision, right / gold, 2 * right / (gold + pred)], axis=1)
        # A sample that happens to hold no gold span says nothing, as for the whole set.
        drawn[start : start + size] = np.where((gold > 0)[:, None, :], values, np.nan)
    seen = ~np.isnan(drawn).all(axis=0)
    return np.nanpercentile(np.where(seen, drawn, 0.0), [2.5, 97.5], axis=0)


def _interval(intervals: np.ndarray, kind: int, number: int) -> Interval:
    low, high = intervals[:, kind, number]
    return float(low), float(high)
