"""Events in plain English, one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

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
    if event.get("event") in ("log.started", "log.mended"):
        purpose = ""
    basis = "".join(f", {name} {event[key]}" for name, key in (("lawful basis", "lawful_basis"), ("DPIA", "dpia")) if event.get(key))
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
    return f"began {data.get('command', 'a run')} on {_files(data.get('inputs'))}{name}"


def _closed(data: Mapping[str, Any]) -> str:
    outcome = {"done": "ended the run", "rejects": "ended the run, with rejects"}.get(str(data.get("outcome")), "")
    if not outcome:
        outcome = f"had the run fail{' with ' + str(data['error']) if data.get('error') else ''}"
    return f"{outcome}{_counts(data.get('counts'))}; wrote {_files(data.get('outputs'))}"


def _read(data: Mapping[str, Any]) -> str:
    children = data.get("children")
    children = children if isinstance(children, Mapping) else {}
    notes = sum(count for count in children.values() if isinstance(count, int))
    return f"read {_number(notes, 'note')} of {_number(len(children), 'child', 'children')}"


def _exported(data: Mapping[str, Any]) -> str:
    rows = f" ({_number(data['rows'], 'row')})" if "rows" in data else ""
    return f"exported {data.get('what', 'something')}{rows}{_to(data)}{_text(data)} to {_files(data.get('files'))}"


def _attached(data: Mapping[str, Any]) -> str:
    made = (
        f"set indicators beside the rows of a return ({data.get('to', '?')}: {_files(data.get('inputs'))}) in {_files(data.get('outputs'))}"
    )
    return made + _counts(data.get("counts"))


_TELL: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "log.started": lambda data: f"began this log, {data.get('log', '?')}",
    "log.mended": lambda data: (
        f"found the last line cut off and put its {_number(data.get('bytes'), 'byte')} aside in {data.get('file', '?')}"
    ),
    "run.opened": _opened,
    "run.closed": _closed,
    "child.read": _read,
    "export.made": _exported,
    "return.attached": _attached,
    "report.made": lambda data: (
        f"made a report, {data.get('what', '?')}{_of_child(data)}{_to(data)}{_text(data)}: {_files(data.get('files'))}"
    ),
    "text.opened": lambda data: f"opened the text of {_number(data.get('notes'), 'note')}{_of_child(data)} ({data.get('what', '?')})",
}
