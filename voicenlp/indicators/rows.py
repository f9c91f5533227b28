"""The rows that indicators are made of: a run's spans and notes, opened as DuckDB tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.errors import InputError, UsageError
from voicenlp.io.arrow import as_arrow
from voicenlp.records import notes_schema, spans_schema

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from voicenlp.indicators.catalogue import Catalogue

__all__ = ["as_table", "run_tables"]

SPANS_NEEDED = [
    "note_id", "span_id", "element", "heading", "speaker", "person", "person_id", "expression", "channel", "verbatim", "via", "challenge",
    "themes", "given", "how", "outcome", "of", "score",
]  # fmt: skip
NOTES_NEEDED = ["note_id", "child_id", "date", "note_type", "author_role", "words"]


def run_tables(spans: Any, notes: Any = None) -> tuple[pa.Table, pa.Table]:
    """Find the spans and notes tables in whatever a caller holds.

    Parameters
    ----------
    spans : Arrow table, path or run
        A table of `records.spans_schema` (or its Parquet file), with ``notes`` beside; or alone: a folder with ``spans.parquet`` and
        ``notes.parquet``, or a run that has ``.spans`` and ``.notes``.
    notes : Arrow table or path, optional
        A table of `records.notes_schema` or its Parquet file.

    Returns
    -------
    tuple of pyarrow.Table
        Spans and notes, with only the columns that indicators need.

    Raises
    ------
    InputError
        If a file is missing or not Parquet, a column is missing or of another type, a ``note_id`` stands twice among the notes, or a
        span's note is not among them.
    """
    import pyarrow.compute as pc

    name_spans, name_notes = "spans", "notes"
    if notes is None:
        if hasattr(spans, "spans") and hasattr(spans, "notes"):
            spans, notes = spans.spans, spans.notes
        elif isinstance(spans, str | Path):
            folder = Path(spans)
            if not folder.is_dir():
                raise InputError("no such folder", source=folder)
            spans, notes = folder / "spans.parquet", folder / "notes.parquet"
        else:
            raise UsageError("give spans and notes, a run, or the folder of a run")
    if isinstance(spans, str | Path):
        name_spans = str(spans)
    if isinstance(notes, str | Path):
        name_notes = str(notes)
    span_table = as_table(spans, spans_schema(), SPANS_NEEDED, name_spans)
    note_table = as_table(notes, notes_schema(), NOTES_NEEDED, name_notes)
    ids = note_table.column("note_id")
    if ids.null_count:
        raise InputError(f"{ids.null_count} notes have no note_id", source=name_notes, column="note_id")
    if (distinct := pc.count_distinct(ids).as_py()) < len(ids):
        raise InputError(f"{len(ids) - distinct} rows repeat a note_id", source=name_notes, column="note_id")
    lost = pc.sum(pc.invert(pc.is_in(span_table.column("note_id"), value_set=ids.combine_chunks()))).as_py()
    if lost:
        raise InputError(f"{lost} spans belong to a note that is not among the notes", source=name_spans, column="note_id")
    return span_table, note_table


def as_table(source: Any, schema: pa.Schema, needed: list[str], name: object) -> pa.Table:
    """Return the needed columns of a table or Parquet file, cast to the types that the schema gives them.

    Raises
    ------
    InputError
        If the file can't be read, or a column is missing or can't be cast.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if isinstance(source, str | Path):
        try:
            # Only the needed columns: a run of a large archive should not fill the memory. ParquetFile, since read_table would take a
            # folder's name such as year=2026 for a column.
            with pq.ParquetFile(source) as file:
                table = file.read(columns=[column for column in needed if column in file.schema_arrow.names])
        except FileNotFoundError:
            raise InputError("no such file", source=name) from None
        except (OSError, pa.ArrowInvalid):
            raise InputError("not a readable Parquet file", source=name) from None
    else:
        table = as_arrow(source, str(name))
    if missing := [column for column in needed if column not in table.column_names]:
        raise InputError(f"no such column among {', '.join(table.column_names) or 'none'}", source=name, column=missing[0])
    columns = []
    for column in needed:
        values, kind = table.column(column), schema.field(column).type
        try:
            if pa.types.is_timestamp(values.type) and pa.types.is_date(kind):
                values = values.cast(kind, safe=False)  # the time of day is of no use here
            columns.append(values if values.type == kind else values.cast(kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise InputError(f"holds {values.type}, which can't be read as {kind}", source=name, column=column) from None
    return pa.table(columns, names=needed)


def connect() -> duckdb.DuckDBPyConnection:
    """Open a database in memory that can reach neither files nor the network nor Python's variables.

    The catalogue's SQL may come from an authority's own file; it gets the rows and nothing else.
    """
    import duckdb

    connection = duckdb.connect(":memory:", config={"enable_external_access": "false"})
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_progress_bar = false")  # it would stand in what a command prints
    connection.execute("SET lock_configuration = true")
    return connection


def open_rows(connection: duckdb.DuckDBPyConnection, spans: pa.Table, notes: pa.Table, catalogue: Catalogue) -> None:
    """Make the table ``note``, the view ``line`` (one row a note and one a span) and the view ``heard`` of the days a child was heard.

    ``line`` stays a view so that a million spans are read where they lie instead of being copied.
    """
    connection.register("spans_in", spans)
    connection.register("notes_in", notes)
    connection.execute(
        """
        CREATE TEMP TABLE note AS
        SELECT row_number() OVER () AS n, note_id, nullif(child_id, '') AS child_id, date, nullif(note_type, '') AS note_type,
               nullif(author_role, '') AS author_role, words,
               CASE WHEN nullif(child_id, '') IS NOT NULL THEN hash(child_id) END AS child_key
        FROM notes_in
        """
    )
    facts = ", ".join(f'coalesce({fact.sql}, false) AS "{fact.id}"' for fact in catalogue.facts)
    names = ", ".join(f'coalesce(f."{fact.id}", false) AS "{fact.id}"' for fact in catalogue.facts)
    connection.execute(
        f"""
        CREATE TEMP VIEW line AS
        WITH answer AS (
            SELECT DISTINCT note_id, unnest("of") AS span_id FROM spans_in WHERE element = 'influence'
        ), fact AS (
            SELECT note_id AS of_note{", " + facts if facts else ""} FROM spans_in GROUP BY note_id
        )
        SELECT n.n, 'note' AS element, n.child_id, n.date, n.note_type, n.author_role, n.child_key, n.words{", " + names if names else ""}
        FROM note AS n LEFT JOIN fact AS f ON f.of_note = n.note_id
        UNION ALL BY NAME
        SELECT n.n, s.element, n.child_id, n.date, n.note_type, n.author_role, n.child_key, s.speaker,
               CASE WHEN s.person_id IS NOT NULL THEN hash(s.person_id)
                    WHEN s.person IS NOT NULL THEN hash(concat_ws('|', n.child_id, s.speaker, lower(trim(s.person)))) END AS person_key,
               s.heading, s.score, s.expression, s.channel, s.verbatim, s.via, s.challenge, s.themes, s.given, s.how, s.outcome,
               s.element = 'voice' AND a.span_id IS NOT NULL AS answered
        FROM spans_in AS s JOIN note AS n ON n.note_id = s.note_id
             LEFT JOIN answer AS a ON s.element = 'voice' AND a.note_id = s.note_id AND a.span_id = s.span_id
        """
    )
    connection.execute(
        """
        CREATE TEMP VIEW heard AS
        SELECT DISTINCT n.child_id, n.date AS heard_on FROM spans_in AS s JOIN note AS n ON n.note_id = s.note_id
        WHERE s.element = 'voice' AND s.speaker = 'child' AND n.child_id IS NOT NULL AND n.date IS NOT NULL
        """
    )
