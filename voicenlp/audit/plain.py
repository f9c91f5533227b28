"""Events in plain English, one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from voicenlp.audit.policy import NO_POLICY

__all__ = ["describe"]


def describe(event: Mapping[str, Any]) -> str:
    """Say in one plain line what an event of the log was.

    Parameters
    ----------
    event : Mapping
        A line of the log, as `voicenlp.audit.read_events` and `voicenlp.audit.tail` give it.

    Returns
    -------
    str
        One line without control characters, whatever the event holds.

    Examples
    --------
    >>> describe({"time": "2026-03-04T09:12:01.250000Z", "actor": "s.khan", "role": "analyst", "purpose": "service review",
    ...           "event": "child.read", "data": {"children": {"c_00000000000000000000": 12}}})
    '2026-03-04 09:12:01 UTC: s.khan (analyst) read 12 notes of 1 child, for: service review'
    """
    data = event.get("data")
    tell = _TELL.get(str(event.get("event")))
    what = (
        tell(data if isinstance(data, Mapping) else {}) if tell else f"did something that this version does not know: {event.get('event')}"
    )
    who = str(event.get("actor") or "somebody")
    if event.get("role"):
        who += f" ({event['role']})"
    purpose = f", for: {event['purpose']}" if event.get("purpose") else ", no purpose given"
    if event.get("event") in ("log.started", "log.mended", "policy.changed"):
        purpose = ""
    stated = [(name, event[key]) for name, key in (("lawful basis", "lawful_basis"), ("DPIA", "dpia")) if event.get(key)]
    basis = "".join(f", {name} {value}" for name, value in stated if value != NO_POLICY) or (", under no policy" if stated else "")
    when = str(event.get("time", "at an unknown time"))[:19].replace("T", " ") + " UTC"
    line = f"{when}: {who} {what}{purpose}{basis if event.get('event') == 'run.opened' else ''}"
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in line)


def _number(count: Any, one: str, many: str = "") -> str:
    if not isinstance(count, int | float):
        return f"some {many or one + 's'}"
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _files(found: Any, none: str = "no files") -> str:
    if not isinstance(found, Sequence) or not found or isinstance(found, str):
        return none
    names = [str(file.get("name", "?")) if isinstance(file, Mapping) else "?" for file in found]
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _counts(found: Any) -> str:
    if not isinstance(found, Mapping) or not found:
        return ""
    return ": " + ", ".join(f"{key} {value:,}" if isinstance(value, int) else str(key) for key, value in found.items())


def _to(data: Mapping[str, Any]) -> str:
    return f" for {data['recipient']}" if data.get("recipient") else ""


def _text(data: Mapping[str, Any]) -> str:
    return ", with words of notes" if data.get("with_text") else ""


def _of_child(data: Mapping[str, Any]) -> str:
    return f" of child {data['child']}" if data.get("child") else ""


def _opened(data: Mapping[str, Any]) -> str:
    model = data.get("model")
    name = f" with model {model.get('name')}" if isinstance(model, Mapping) else ""
    inputs = f" on {_files(data['inputs'])}" if data.get("inputs") else ""
    return f"began {data.get('command', 'a run')}{inputs}{name}"


def _closed(data: Mapping[str, Any]) -> str:
    outcome = {"done": "ended the run", "rejects": "ended the run, with rejects"}.get(str(data.get("outcome")), "")
    if not outcome:
        outcome = f"had the run fail{' with ' + str(data['error']) if data.get('error') else ''}"
    return f"{outcome}{_counts(data.get('counts'))}; wrote {_files(data.get('outputs'))}"


def _read(data: Mapping[str, Any]) -> str:
    children = data.get("children")
    children = children if isinstance(children, Mapping) else {}
    notes = sum(count for count in children.values() if isinstance(count, int))
    of = f"{_number(notes, 'note')} of {_number(len(children), 'child', 'children')}"
    return f"read {of}" if data.get("what", "notes") == "notes" else f"used the {data['what']} from {of}"


def _exported(data: Mapping[str, Any]) -> str:
    rows = f" ({_number(data['rows'], 'row')})" if "rows" in data else ""
    return f"exported {data.get('what', 'something')}{rows}{_to(data)}{_text(data)} to {_files(data.get('files'))}{_hidden(data)}"


def _attached(data: Mapping[str, Any]) -> str:
    made = (
        f"set indicators beside the rows of a return ({data.get('to', '?')}: {_files(data.get('inputs'))}) in {_files(data.get('outputs'))}"
    )
    return made + _to(data) + _counts(data.get("counts")) + _hidden(data)


def _hidden(data: Mapping[str, Any]) -> str:
    return f", small numbers hidden as {data['suppression']} says" if data.get("suppression") else ""


def _named(value: Any) -> str:
    return str(value.get("name", "?")) if isinstance(value, Mapping) else "none"


def _left_out(data: Mapping[str, Any]) -> str:
    children, counts = data.get("children"), data.get("counts")
    children, counts = (found if isinstance(found, Mapping) else {} for found in (children, counts))
    people = f" and {_number(counts.get('spans'), 'span')} of {_number(counts['people'], 'person', 'people')}" if "people" in counts else ""
    notes = f"{_number(counts.get('notes'), 'note')} of {_number(len(children), 'child', 'children')}"
    return f"left out {notes}{people}, who are not to be processed for this"


def _forgot(data: Mapping[str, Any]) -> str:
    rows = data.get("counts")
    rows = rows.get("rows") if isinstance(rows, Mapping) else None
    what = (
        f"forgot child {data['child']}, whose key is destroyed" if data.get("child") else "deleted what was left of a child without a key"
    )
    return f"{what}: {_number(rows, 'row')} deleted in {_files(data.get('files'))}"


_TELL: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "log.started": lambda data: f"began this log, {data.get('log', '?')}",
    "log.mended": lambda data: (
        f"found the last line cut off and put its {_number(data.get('bytes'), 'byte')} aside in {data.get('file', '?')}"
    ),
    "run.opened": _opened,
    "run.closed": _closed,
    "policy.changed": lambda data: f"put another policy in force: {_named(data.get('after'))}, in place of {_named(data.get('before'))}",
    "batch.in": lambda data: f"handed batch {data.get('batch', '?')} to the tagger, {_number(data.get('notes'), 'note')}",
    "batch.out": lambda data: f"took batch {data.get('batch', '?')} from the tagger{_counts(data.get('counts'))}",
    "model.loaded": lambda data: f"opened the model {_named(data.get('model'))}",
    "model.trained": lambda data: (
        f"trained the model {_named(data.get('model'))} on {_files(data.get('inputs'))}{_counts(data.get('counts'))}"
    ),
    "optout.honoured": _left_out,
    "review.made": lambda data: f"{data.get('decision', 'reviewed')} {data.get('what', '?')}{_of_child(data)}: {data.get('reason', '?')}",
    "challenge.raised": lambda data: f"put on record a challenge{_of_child(data)}, by {data.get('by', '?')}: {data.get('about', '?')}",
    "challenge.answered": lambda data: f"answered a challenge{_of_child(data)}, {data.get('outcome', '?')}: {data.get('answer', '?')}",
    "child.forgotten": _forgot,
    "files.deleted": lambda data: f"put on record that {_files(data.get('files'))} were deleted: {data.get('reason', '?')}",
    "child.read": _read,
    "export.made": _exported,
    "return.attached": _attached,
    "report.made": lambda data: (
        f"made a report, {data.get('what', '?')}{_of_child(data)}{_to(data)}{_text(data)}: {_files(data.get('files'))}{_hidden(data)}"
    ),
    "text.opened": lambda data: f"opened the text of {_number(data.get('notes'), 'note')}{_of_child(data)} ({data.get('what', '?')})",
}
