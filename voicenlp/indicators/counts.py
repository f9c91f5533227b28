"""Indicators for any grouping of the notes: by child, period, kind of note or a child's own attributes, or in given windows of time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from voicenlp.errors import InputError, SchemeError, UsageError
from voicenlp.indicators.catalogue import TYPES, Catalogue, load_catalogue
from voicenlp.indicators.periods import PERIODS
from voicenlp.indicators.rows import as_table, connect, open_rows, run_tables
from voicenlp.io.arrow import as_arrow

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

__all__ = ["indicators", "roll_up"]

CELLS_AT_ONCE = 32768
STATUS = "unreviewed"  # no person has read these figures against the records yet
NOTE_COLUMNS = ("child_id", "note_type", "author_role")


def indicators(
    spans: Any,
    notes: Any = None,
    *,
    by: Iterable[str] | str = ("child_id", "quarter"),
    children: Any = None,
    windows: Any = None,
    until: dt.date | None = None,
    catalogue: Catalogue | None = None,
) -> pa.Table:
    """Count what the notes hold, for each group or window.

    Parameters
    ----------
    spans, notes : Arrow tables or paths
        Of `records.spans_schema` and `records.notes_schema`; or ``spans`` alone: the folder of a run, or a run with both.
    by : iterable of str, or str with commas
        What to group by, of ``child_id``, ``month``, ``quarter``, ``year`` (calendar), ``financial_year``, ``ssda903_year`` (both 1 April
        to 31 March), ``note_type``, ``author_role`` and the columns of ``children``. Not used where ``windows`` are given.
    children : table, optional
        One row a child, with ``child_id`` and any columns to group by. With ``child_id`` in ``by``, a child without any note gets a row
        too (with an empty period and zeros).
    windows : table, optional
        ``child_id``, ``start`` and ``end`` (dates, both days included; empty: open on that side), and any columns to pass through. One row
        comes back for each, in order. A window open on both sides holds the child's undated notes too.
    until : datetime.date, optional
        The last day that the notes cover; the date of the latest note if left out.
    catalogue : Catalogue, optional
        See `load_catalogue`.

    Returns
    -------
    pyarrow.Table
        The group's columns (with ``period_start`` and ``period_end`` where grouped by a period), one column an indicator, and ``status``,
        which is ``unreviewed``. Groups are sorted, empty values last. Notes without a child, or without a date, are not lost: they make
        groups of their own whose child or period is empty. Only windows leave them out.
        Where there are no notes, counts are 0 and shares are null.

    Raises
    ------
    InputError
        If a table lacks a column or holds another type in it, or a child stands twice in ``children``.
    UsageError
        If ``by`` names what can't be grouped by.
    SchemeError
        If the SQL of an entry of the catalogue fails.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> from voicenlp.records import Note, Span, notes_schema, spans_table
    >>> note = Note("n1", "", child_id="A", date=dt.date(2026, 2, 3))
    >>> spans = spans_table([(note, [Span("voice", 0, 4, "child", span_id="s1"), Span("voice", 5, 9, "parent", span_id="s2")])])
    >>> notes = pa.Table.from_pylist([{"note_id": "n1", "child_id": "A", "date": note.date, "words": 12}], schema=notes_schema())
    >>> indicators(spans, notes).select(["child_id", "quarter", "voices", "child_share"]).to_pylist()
    [{'child_id': 'A', 'quarter': '2026-Q1', 'voices': 2, 'child_share': 0.5}]
    """
    catalogue = catalogue or load_catalogue()
    span_table, note_table = run_tables(spans, notes)
    with connect() as connection:
        try:
            open_rows(connection, span_table, note_table, catalogue)
            last = until or connection.execute("SELECT max(date) FROM note").fetchall()[0][0]
            if windows is not None:
                given = _windows(connection, windows, catalogue)
                _window_cells(connection, last, "n", "note", "l.date", "l.date", "heard", "heard_on")
                return _append(given, _tally(connection, catalogue, []))
            keys = _cells(connection, by, children, last, catalogue)
            return _finish(_tally(connection, catalogue, keys))
        except _duckdb_error() as error:
            raise _explained(error, catalogue) from None


def roll_up(table: Any, windows: Any, *, catalogue: Catalogue | None = None) -> pa.Table:
    """Add up an indicator table over longer windows.

    Only rows whose period lies wholly inside a window count, so that no note from outside it does; where a window cuts a period, what that
    period holds is left out. Give the run itself to `indicators` for exact figures.

    Parameters
    ----------
    table : Arrow table
        As `indicators` returns it, with ``child_id``; ``period_start`` and ``period_end`` where it was grouped by a period.
    windows : table
        As for `indicators`.
    catalogue : Catalogue, optional
        The one that the table was made with; its columns that the catalogue knows are added up.

    Returns
    -------
    pyarrow.Table
        The windows with the indicator columns of ``table`` and ``status``. Null where an indicator can't be added up.
    """
    import pyarrow as pa

    catalogue = catalogue or load_catalogue()
    present = [name for name in catalogue.ids if name in table.column_names]
    if "child_id" not in table.column_names or not present:
        raise InputError("not an indicator table by child", source="table", column="child_id")
    catalogue = catalogue.select(present)
    columns = {"child_id": table.column("child_id").cast(pa.string())} | {name: table.column(name) for name in present}
    for name in ("period_start", "period_end"):
        columns[name] = table.column(name) if name in table.column_names else pa.nulls(len(table), pa.date32())
    with connect() as connection:
        connection.register("table_in", pa.table(columns))
        heard = "date_last_heard" if "date_last_heard" in present else "CAST(NULL AS DATE)"
        try:
            connection.execute("CREATE TEMP TABLE line AS SELECT row_number() OVER () AS n, * FROM table_in")
            connection.execute(
                f"CREATE TEMP TABLE heard AS SELECT DISTINCT child_id, {heard} AS heard_on FROM line WHERE {heard} IS NOT NULL"
            )
            last = _last_day(connection, present)
            given = _windows(connection, windows, catalogue)
            _window_cells(connection, last, "n", "line", "l.period_start", "l.period_end", "heard", "heard_on")
            return _append(given, _tally(connection, catalogue, [], rolled=True))
        except _duckdb_error() as error:
            raise _explained(error, catalogue) from None


def _last_day(connection: duckdb.DuckDBPyConnection, present: list[str]) -> dt.date | None:
    """Tell from an indicator table how far its notes reach: its periods may end later, in days to come."""
    sql = "max(period_end)"
    if {"date_last_heard", "days_since_heard"} <= set(present):
        sql = "coalesce(max(date_last_heard + CAST(days_since_heard AS INTEGER)), max(period_end))"
    return connection.execute(f"SELECT {sql} FROM line").fetchall()[0][0]


def _windows(connection: duckdb.DuckDBPyConnection, windows: Any, catalogue: Catalogue) -> pa.Table:
    """Register the windows and return them as an Arrow table, whole."""
    import pyarrow as pa

    given = as_arrow(windows, "windows")
    schema = pa.schema([("child_id", pa.string()), ("start", pa.date32()), ("end", pa.date32())])
    connection.register("windows_in", as_table(given, schema, schema.names, "windows"))
    if clash := sorted({*catalogue.ids, "status"} & set(given.column_names)):
        raise InputError("is also the name of an indicator's column", source="windows", column=clash[0])
    return given


def _window_cells(
    connection: duckdb.DuckDBPyConnection, last: dt.date | None, n: str, lines: str, first: str, final: str, heard: str, heard_on: str
) -> None:
    """Make ``cell`` from the windows, and ``placed``: which lines fall into which."""
    connection.execute(
        f"""
        CREATE TEMP TABLE cell AS
        WITH w AS (
            SELECT row_number() OVER () AS cell, child_id, "start" AS w_start, "end" AS w_end,
                   least("end", CAST($last AS DATE)) AS as_of FROM windows_in
        )
        SELECT w.*, h.{heard_on} AS last_heard FROM w ASOF LEFT JOIN {heard} AS h ON w.child_id = h.child_id AND w.as_of >= h.{heard_on}
        """,
        {"last": last},
    )
    connection.execute(
        f"""
        CREATE TEMP TABLE placed AS
        SELECT c.cell, l.{n} AS n FROM cell AS c JOIN {lines} AS l ON l.child_id = c.child_id
        AND CASE WHEN c.w_start IS NULL AND c.w_end IS NULL THEN true
                 ELSE coalesce({first} >= c.w_start, {first} IS NOT NULL AND c.w_start IS NULL)
                  AND coalesce({final} <= c.w_end, {final} IS NOT NULL AND c.w_end IS NULL) END
        """
    )


def _cells(
    connection: duckdb.DuckDBPyConnection, by: Iterable[str] | str, children: Any, last: dt.date | None, catalogue: Catalogue
) -> list[tuple[str, str]]:
    """Make ``cell`` from the grouping, and ``placed``; return the cells' columns that go out, each as (column in ``cell``, name)."""
    import pyarrow as pa

    names = [name.strip() for name in by.split(",")] if isinstance(by, str) else list(by)
    if not names or len(set(names)) < len(names):
        raise UsageError("by: name at least one column, each once")
    attributes: dict[str, str] = {}
    if children is not None:
        table = as_arrow(children, "children")
        key = as_table(table, pa.schema([("child_id", pa.string())]), ["child_id"], "children").column("child_id")
        if repeated := _first_repeat(key.to_pylist()):
            raise InputError("this child_id stands there twice, or is empty", source="children", row=repeated + 1, column="child_id")
        own = [name for name in names if name in table.column_names and name not in NOTE_COLUMNS and name not in PERIODS]
        attributes = {name: f"a{i}" for i, name in enumerate(own)}
        connection.register("children_in", pa.table([key, *(table.column(name) for name in own)], names=["child_id", *attributes.values()]))
    if clash := sorted({*catalogue.ids, "status", "period_start", "period_end"} & set(names)):
        raise UsageError(f"by: {clash[0]!r} is the name of a column that indicators make")
    if unknown := [name for name in names if name not in NOTE_COLUMNS and name not in PERIODS and name not in attributes]:
        known = ", ".join([*NOTE_COLUMNS, *PERIODS])
        raise UsageError(f"by: {unknown[0]!r} is neither one of {known} nor a column of the children table")

    periods = [PERIODS[name] for name in names if name in PERIODS]
    start = f"greatest({', '.join(one.start_sql for one in periods)})" if periods else "CAST(NULL AS DATE)"
    end = f"least({', '.join(one.end_sql for one in periods)})" if periods else "CAST(NULL AS DATE)"
    source = [f"c.{attributes[n]}" if n in attributes else PERIODS[n].name_sql if n in PERIODS else f"note.{n}" for n in names]
    keys = [f"k{i}" for i in range(len(names))]
    chosen = ", ".join(f"{sql} AS {key}" for sql, key in zip(source, keys, strict=True))
    listed = ", ".join(keys)
    joined = "LEFT JOIN children_in AS c ON c.child_id = note.child_id" if attributes else ""
    connection.execute(f"CREATE TEMP TABLE keyed AS SELECT n, {chosen}, {start} AS p_start, {end} AS p_end FROM note {joined}")
    silent = ""
    if children is not None and "child_id" in names:
        blank = ", ".join(f"c.{attributes[n]}" if n in attributes else "c.child_id" if n == "child_id" else "NULL" for n in names)
        silent = f"UNION ALL SELECT {blank}, NULL, NULL FROM children_in AS c ANTI JOIN note ON note.child_id = c.child_id"
    child = keys[names.index("child_id")] if "child_id" in names else "CAST(NULL AS VARCHAR)"
    order = ", ".join(f"{key} NULLS LAST" for key in keys)
    connection.execute(
        f"""
        CREATE TEMP TABLE cell AS
        WITH g AS (SELECT DISTINCT {listed}, p_start, p_end FROM keyed {silent}),
             w AS (SELECT row_number() OVER (ORDER BY {order}) AS cell, *, {child} AS child_id,
                          least(p_end, CAST($last AS DATE)) AS as_of FROM g)
        SELECT w.*, h.heard_on AS last_heard FROM w ASOF LEFT JOIN heard AS h ON w.child_id = h.child_id AND w.as_of >= h.heard_on
        """,
        {"last": last},
    )
    same = " AND ".join(f"c.{key} IS NOT DISTINCT FROM l.{key}" for key in keys)
    connection.execute(f"CREATE TEMP TABLE placed AS SELECT c.cell, l.n FROM keyed AS l JOIN cell AS c ON {same}")
    out = list(zip(keys, names, strict=True))
    return [*out, ("p_start", "period_start"), ("p_end", "period_end")] if periods else out


def _tally(connection: duckdb.DuckDBPyConnection, catalogue: Catalogue, keys: list[tuple[str, str]], rolled: bool = False) -> pa.Table:
    """Run every indicator's aggregate over the lines of each cell; one row a cell, in order."""
    import pyarrow as pa

    selected = ", ".join(one.expression(rolled) for one in catalogue.indicators)
    used = [one for one in catalogue.indicators if one.value is not None and not rolled]
    shown = "".join(f'c.{key} AS "{key}", ' for key, _ in keys)
    query = f"""
        WITH joined AS (
            SELECT c.cell, c.as_of, c.last_heard, l.* EXCLUDE (n)
            FROM (SELECT * FROM cell WHERE cell.cell > $after AND cell.cell <= $upto) AS c
            LEFT JOIN placed AS p ON p.cell = c.cell LEFT JOIN line AS l ON l.n = p.n
        ), tally AS (
            SELECT cell AS of_cell, {selected} FROM joined GROUP BY cell
        )
        SELECT {shown}tally.* EXCLUDE (of_cell) FROM cell AS c JOIN tally ON tally.of_cell = c.cell ORDER BY c.cell
        """
    number = connection.execute("SELECT count(*) FROM cell").fetchall()[0][0]
    bound = {one.id: one.value for one in used}
    # In portions, since the running counts of all indicators for all cells at once would take most of a gigabyte.
    parts = [
        connection.sql(query, params={**bound, "after": after, "upto": after + CELLS_AT_ONCE}).to_arrow_table()
        for after in range(0, max(number, 1), CELLS_AT_ONCE)
    ]
    table = pa.concat_tables(parts)
    return table.rename_columns([*(name for _, name in keys), *table.column_names[len(keys) :]])


def _append(given: pa.Table, counted: pa.Table) -> pa.Table:
    for name in counted.column_names:
        given = given.append_column(name, counted.column(name))
    return _finish(given)


def _finish(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    return table.append_column("status", pa.array([STATUS] * len(table), pa.string()))


def _first_repeat(values: list[Any]) -> int | None:
    """Return the place, from 1, of the first value that is empty or stood before."""
    known = set()
    for place, value in enumerate(values, 1):
        if not value or value in known:
            return place
        known.add(value)
    return None


def _duckdb_error() -> type[Exception]:
    import duckdb

    return duckdb.Error


def _explained(error: Exception, catalogue: Catalogue) -> Exception:
    """Say which entry of the catalogue fails, by trying each over no rows; else hand the error back.

    Over no rows DuckDB's message can't quote a value of the records.
    """
    faults = catalogue_faults(catalogue)
    return SchemeError("; ".join(faults)) if faults else error


def catalogue_faults(catalogue: Catalogue) -> list[str]:
    """Try the SQL of every entry over no rows and say which fail.

    Returns
    -------
    list of str
        One line an entry that fails; empty if all of them run.

    Examples
    --------
    >>> catalogue_faults(load_catalogue())
    []
    """
    import duckdb

    from voicenlp.records import notes_schema, spans_schema

    faults, good = [], []
    empty_spans, empty_notes = spans_schema().empty_table(), notes_schema().empty_table()
    for fact in catalogue.facts:
        with connect() as connection:
            try:
                open_rows(connection, empty_spans, empty_notes, Catalogue("", (fact,), ()))
                connection.execute("SELECT * FROM line")
                good.append(fact)
            except duckdb.Error as error:
                faults.append(f"fact {fact.id}: {_first_line(error)}")
    with connect() as connection:
        open_rows(connection, empty_spans, empty_notes, Catalogue("", tuple(good), ()))
        connection.execute(
            "CREATE TEMP VIEW joined AS SELECT line.*, CAST(NULL AS DATE) AS as_of, CAST(NULL AS DATE) AS last_heard FROM line"
        )
        columns = ", ".join(f'CAST(NULL AS {TYPES[one.type]}) AS "{one.id}"' for one in catalogue.indicators)
        connection.execute(f"CREATE TEMP VIEW counted AS SELECT {columns or '1'}, CAST(NULL AS DATE) AS as_of WHERE false")
        for one in catalogue.indicators:
            try:
                connection.execute(f"SELECT {one.expression()} FROM joined", {one.id: one.value} if one.value is not None else None)
                connection.execute(f"SELECT {one.expression(roll_up=True)} FROM counted")
            except duckdb.Error as error:
                faults.append(f"indicator {one.id}: {_first_line(error)}")
    return faults


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
