"""Voice indicators beside every row of a return: all rows kept, once each, in order, with columns added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voicenlp.errors import InputError
from voicenlp.indicators import Catalogue, data_dictionary, load_catalogue
from voicenlp.linkage import coverage as words
from voicenlp.linkage.coverage import BESIDE, LINKS, NOTES, coverage
from voicenlp.linkage.crosswalk import Crosswalk
from voicenlp.linkage.keys import KeyClash, KeyMatch, match_keys, tidy_key
from voicenlp.linkage.returns import Finding, Return, RowWindow, WindowSettings, findings_table
from voicenlp.linkage.runs import RunNotes, open_notes

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PREFIX", "Linked", "attach"]

PREFIX = "voice_"


@dataclass(frozen=True)
class Linked:
    """A return with voice indicators beside it.

    Attributes
    ----------
    tables : dict of str to pyarrow.Table
        One table for each of the return: all its rows and columns as they stood, then ``voice_link``, ``voice_window_start``,
        ``voice_window_end``, the indicators and ``voice_status``.
    coverage : pyarrow.Table
        For each table and reason: how many rows, and children, were linked or not; and the same of the notes.
    unlinked : pyarrow.Table
        Every row that was not linked and every child of the notes who is not in the return, with the reason.
    findings : pyarrow.Table
        What is not as it should be in the return's values.
    dictionary : dict
        Frictionless Data Package that explains every column of every table.
    source : str
        Where the return was read.
    originals : mapping of str to bytes
        Files of the return that go out again byte for byte, by name.
    """

    tables: dict[str, pa.Table]
    coverage: pa.Table
    unlinked: pa.Table
    findings: pa.Table
    dictionary: dict[str, Any]
    source: str = ""
    originals: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def attach(
    run: Any,
    to: Return,
    *,
    review_window: tuple[int, int] = (183, 28),
    period: tuple[dt.date, dt.date] | None = None,
    until: dt.date | None = None,
    catalogue: Catalogue | None = None,
    crosswalk: Crosswalk | None = None,
) -> Linked:
    """Set voice indicators beside every row of a return.

    Parameters
    ----------
    run : run, folder, pair of tables or indicator table
        A run (with ``.spans`` and ``.notes``), its folder, or ``(spans, notes)``. An indicator table by ``child_id`` and a period works
        too, but only periods that lie wholly inside a row's window count then (see `indicators.roll_up`).
    to : Return
        Such as `read_ssda903`, `read_cin`, `read_annex_a`, `read_ssd` and `read_any_table` give.
    review_window : tuple of int
        Days before and after a review whose notes count for it, the review's day included. Left alone, it reaches back over the six months
        in which a review must follow the last one, and four weeks on, for what was written up later.
    period : tuple of two dates, optional
        First and last day for tables with one row a child; all notes of the run if left out.
    until : datetime.date, optional
        The last day that the notes cover; the date of the latest note if left out. Open episodes reach to it.
    catalogue : Catalogue, optional
        The indicators to attach; see `indicators.load_catalogue`.
    crosswalk : Crosswalk, optional
        Which id of the return is which of the notes, where they differ; see `read_crosswalk`.

    Returns
    -------
    Linked

    Raises
    ------
    InputError
        If the run can't be read, or the return already has columns that begin with ``voice_``.
    UsageError
        If a window makes no sense.

    Notes
    -----
    ``voice_link`` says for each row whether it was linked. Where the child is not in the notes, or the row has no readable date, the
    indicators are empty: nothing is known. Where the child has notes but none in the row's window, counts are 0.
    """
    import pyarrow as pa

    settings = WindowSettings(*review_window, period=period)
    catalogue = catalogue or load_catalogue()
    catalogue = catalogue.select(name for name in catalogue.ids if name != "children")  # a row of a return is about one child
    for name, table in to.tables.items():
        if clash := [column for column in table.column_names if column.casefold().startswith(PREFIX)]:
            raise InputError(f"the return already has a column that begins with {PREFIX!r}", source=name, column=clash[0])
    notes = open_notes(run, until)
    windows = {name: to.windows(name, settings) for name in to.tables}
    notes, match, crossing_findings = _match(notes, windows, crosswalk)

    places: dict[tuple[str, dt.date | None, dt.date | None, str], int] = {}
    placed: dict[str, list[int | None]] = {}
    links: dict[str, list[str]] = {}
    for name, rows in windows.items():
        found = [_link(row, match, notes) for row in rows]
        links[name] = [link for link, _ in found]
        placed[name] = [_place(row, link, note, match, places) for row, (link, note) in zip(rows, found, strict=True)]
    counted, order = _count(notes, places, catalogue)
    silent = (
        {at for at, number in enumerate(counted.column("notes").to_pylist()) if not number} if "notes" in counted.column_names else set()
    )

    tables = {}
    for name, original in to.tables.items():
        at = [None if place is None else order[place] for place in placed[name]]
        links[name] = [words.EMPTY if place in silent else link for link, place in zip(links[name], at, strict=True)]
        added = _window_columns(windows[name], links[name], notes.last)
        taken = counted.take(pa.array(at, pa.int64()))
        added |= {PREFIX + column: taken.column(column) for column in taken.column_names}
        tables[name] = pa.Table.from_arrays([*original.columns, *added.values()], names=[*original.column_names, *added])

    covered, unlinked = coverage(windows, links, to, match, notes.per_child, notes.undated)
    mine = [Finding(NOTES, None, "child_id", "id", said) for one in match.clashes if (said := _clash_words(one))]
    mine += [
        Finding(NOTES, None, "child_id", "id", f"joined by the first ten characters with {number} longer ids; look whether that is right")
        for number in (len(match.cut),)
        if number
    ]
    findings = pa.concat_tables([to.findings, findings_table([*crossing_findings, *mine])])
    return Linked(tables, covered, unlinked, findings, _dictionary(tables, to, settings, catalogue), to.source, to.originals)


def _match(
    notes: RunNotes, windows: Mapping[str, list[RowWindow]], crosswalk: Crosswalk | None
) -> tuple[RunNotes, KeyMatch, tuple[Finding, ...]]:
    """Find which id of the return is which of the notes, and bring together what a crosswalk says is one child's."""
    ids = list(dict.fromkeys(row.child for rows in windows.values() for row in rows))
    if crosswalk is None:
        return notes, match_keys(ids, notes.per_child), ()
    crossing = crosswalk.applied(ids, notes.per_child)
    notes = notes.merged(crossing.merged)
    return notes, match_keys(ids, notes.per_child, crossing.joined, crossing.nobodys), crossing.findings


def _link(row: RowWindow, match: KeyMatch, notes: RunNotes) -> tuple[str, str]:
    """Say how a row is linked, or why it can't have indicators; and with which note, if the row is one."""
    if note := _note(row, match, notes):
        whose = notes.child_of[note]
        same = not tidy_key(whose) or not tidy_key(row.child) or match.pairs.get(row.child) == whose
        return (words.BY_NOTE, note) if same else (words.OTHER_CHILD, "")
    if not tidy_key(row.child):
        return words.NO_ID, ""
    if row.child in match.unclear:
        return words.UNCLEAR, ""
    if row.child not in match.pairs:
        return words.NOT_IN_NOTES, ""
    if row.fault:
        return words.BAD_DATE, ""
    return words.BY_CROSSWALK if row.child in match.crossed else words.BY_CUT if row.child in match.cut else words.LINKED, ""


def _note(row: RowWindow, match: KeyMatch, notes: RunNotes) -> str:
    """Return the id of the note that a row is; empty if none of the notes is.

    Where one form is filled in for several children, as in Mosaic, the visit's id is the form's with the child's after a full stop.
    """
    wanted = row.note.strip()
    if wanted in notes.child_of:
        return wanted
    form, _, person = wanted.rpartition(".")
    if form in notes.child_of and tidy_key(person) == tidy_key(row.child) and match.pairs.get(row.child) == notes.child_of[form]:
        return form
    return ""


def _place(
    row: RowWindow, link: str, note: str, match: KeyMatch, places: dict[tuple[str, dt.date | None, dt.date | None, str], int]
) -> int | None:
    """Return the number of a row's window among all different ones; None for a row that has none."""
    if link not in LINKS:
        return None
    key = ("", None, None, note) if note else (match.pairs[row.child], row.start, row.end, "")
    return places.setdefault(key, len(places))


def _count(
    notes: RunNotes, places: Mapping[tuple[str, dt.date | None, dt.date | None, str], int], catalogue: Catalogue
) -> tuple[pa.Table, list[int]]:
    """Count the notes of all windows; also where in the result the window of each number stands."""
    import pyarrow as pa

    in_time = [key for key in places if not key[3]]
    single = [key[3] for key in places if key[3]]
    children, starts, ends, _ = zip(*in_time, strict=True) if in_time else ((), (), (), ())
    wanted = pa.table(
        {"child_id": pa.array(children, pa.string()), "start": pa.array(starts, pa.date32()), "end": pa.array(ends, pa.date32())}
    )
    parts = [notes.count(wanted, catalogue)]
    if single:
        parts.append(notes.count_notes(single, catalogue))
    counted = pa.concat_tables([part.drop_columns(wanted.column_names) for part in parts])
    order = [0] * len(places)
    for at, key in enumerate([*in_time, *(("", None, None, note) for note in single)]):
        order[places[key]] = at
    return counted, order


def _clash_words(clash: KeyClash) -> str:
    if clash.cut:
        return f"{len(clash.ids)} ids begin with the same ten characters as one on the other side; not joined: say which in a crosswalk"
    if clash.side == "notes":
        return f"{len(clash.ids)} ids differ only by spaces, case or leading zeros; not merged"
    return ""  # those of the return are listed where they stand


def _window_columns(rows: list[RowWindow], links: list[str], last: dt.date | None) -> dict[str, pa.Array]:
    import pyarrow as pa

    starts, ends = [], []
    for row in rows:
        starts.append(row.start)
        open_end = row.start is not None and row.end is None
        ends.append(max(last, row.start) if open_end and last is not None and row.start is not None else row.end)
    return {
        f"{PREFIX}link": pa.array(links, pa.string()),
        f"{PREFIX}window_start": pa.array(starts, pa.date32()),
        f"{PREFIX}window_end": pa.array(ends, pa.date32()),
    }


def _dictionary(tables: Mapping[str, pa.Table], to: Return, settings: WindowSettings, catalogue: Catalogue) -> dict[str, Any]:
    """Explain every column of every table, those beside included."""
    resources = []
    for name, table in tables.items():
        own: dict[str, dict[str, Any]] = {
            one.name: {
                "title": one.name,
                "description": to.meaning(name, one.name),
                "type": "string" if str(one.type) == "string" else "any",
            }
            for one in table.schema
            if not one.name.startswith(PREFIX)
        }
        said = to.window_meaning(name, settings)
        own |= {
            f"{PREFIX}link": {
                "title": "Link",
                "description": f"'{words.LINKED}', where need be with by what ({'; '.join(LINKS[1:])}); or why the row has no figures: "
                f"{'; '.join(words.REASONS[1:])}; or why it has only zeros: {words.EMPTY}.",
                "type": "string",
            },
            f"{PREFIX}window_start": {"title": "First day of the window", "description": f"{said} Empty: no bound.", "type": "date"},
            f"{PREFIX}window_end": {"title": "Last day of the window", "description": f"{said} Empty: no bound.", "type": "date"},
        }
        schema = data_dictionary(table.column_names, prefix=PREFIX, own=own, catalogue=catalogue)
        resources.append({"name": name, "description": said, "schema": schema})
    for name, columns in BESIDE.items():
        fields = [{"name": column, "title": column, "description": said, "type": kind} for column, (kind, said) in columns.items()]
        resources.append({"name": name, "schema": {"fields": fields, "missingValues": [""]}})
    return {"profile": "data-package", "name": f"voice-{to.name}", "resources": resources}
