"""The Standard Safeguarding Dataset: its tables read from a database by URL, and a table ``ssd_voice`` to stand beside them there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from voicenlp.errors import InputError, UsageError
from voicenlp.indicators import data_dictionary
from voicenlp.io.office import DatabaseRows
from voicenlp.linkage.attach import PREFIX, Linked
from voicenlp.linkage.layouts import Layout, read_layout
from voicenlp.linkage.returns import Finding
from voicenlp.linkage.sheets import cell_text
from voicenlp.linkage.tables import ReturnTable, ReturnTables, make_return, make_table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["VOICE_TABLE", "ReturnSSD", "read_ssd", "with_voice_table", "write_voice_table"]

VOICE_TABLE = "ssd_voice"
_PREFIX = "voic_"
_LEFT_OUT = (VOICE_TABLE, "ssd_api_data_staging")  # our own of an earlier time, and copies of what other tables hold
_OWN = {
    "voic_table_id": "Number of the row in this table.",
    "voic_person_id": "The child's id, as the row beside which it stands gives it.",
    "voic_source_table": "Table of the dataset beside one of whose rows this row stands.",
    "voic_source_id": "That row's own id: the value of its table's first column.",
}


@dataclass(frozen=True)
class ReturnSSD(ReturnTables):
    """The tables of the dataset that are about children, as they were read; ``url`` and ``schema`` say where to write ``ssd_voice``."""

    url: str = field(default="", repr=False)
    schema: str = ""


@cache
def layout() -> Layout:
    """Return the dataset's tables and columns (``resources/ssd.toml``)."""
    return read_layout("resources/ssd.toml")


def read_ssd(url: str, schema: str = "") -> ReturnSSD:
    """Read the tables of the Standard Safeguarding Dataset that are about children.

    Parameters
    ----------
    url : str
        SQLAlchemy URL: ``sqlite:///ssd.db``, ``postgresql+psycopg://host/database``,
        ``mssql+pyodbc://@server/database?driver=ODBC+Driver+18+for+SQL+Server&trusted_connection=yes``. Nothing is written.
    schema : str
        Where the tables are, if not in the login's own schema (``ssd_development``).

    Returns
    -------
    ReturnSSD
        By table name: every table ``ssd_…`` with a column for the child, or that points at one with it. Rows are in the order of their
        first column, and counted from 1; values are text, dates in ISO form, empty for null.

    Raises
    ------
    InputError
        If the database can't be read, or has no table of the dataset.
    UsageError
        If the URL makes no sense, or a driver is not installed.
    """
    source = DatabaseRows(url, "SELECT 1")
    name = source.name  # says so if the URL makes no sense
    spec = layout()
    tables: dict[str, ReturnTable] = {}
    findings: list[Finding] = []
    for table, quoted, order in _listed(url, schema, name):
        kind = table.lower() if table.lower() in spec.tables else ""
        rows = DatabaseRows(url, f"SELECT * FROM {quoted} ORDER BY {order}")
        columns = rows.columns()
        body = [[cell_text(cell) for cell in cells] for _, cells in rows.rows(columns)]
        tables[table] = make_table(spec, table, columns, body, list(range(1, len(body) + 1)), kind)
    if not tables:
        raise InputError("has no table of the Standard Safeguarding Dataset (ssd_person, …)", source=name)
    for table, one in list(tables.items()):
        child = _children(one, tables)
        if child is not None:
            tables[table] = replace(one, child=child)
        elif one.column(spec.id_of(one.kind)) is None:
            findings.append(Finding(table, None, "", "table", "names no child; left out"))
            del tables[table]
    made = make_return(name, spec, tables, findings)
    return ReturnSSD(made.source, spec, made.parts, made.findings, {}, url, schema)


def _children(one: ReturnTable, tables: Mapping[str, ReturnTable]) -> list[str] | None:
    """Return the child of each row where another table has to say it, or a column of any name does; None where neither is so."""
    rule = layout().tables.get(one.kind)
    if rule is None:
        person = next((at for at, column in enumerate(one.columns) if column.lower().endswith("_person_id")), None)
        return None if person is None else one.values[person]
    if "via" not in rule or one.column(rule["id"]) is not None:
        return None
    mine, other, theirs, child = rule["via"]
    key = one.column(mine)
    there = next((table for table in tables.values() if table.kind == other), None)
    if key is None or there is None:
        return None
    keys, children = there.column(theirs), there.column(child)
    if keys is None or children is None:
        return None
    whose: dict[str, str] = {}
    for one_key, child_id in zip(keys, children, strict=True):
        if one_key and whose.setdefault(one_key, child_id) != child_id:
            whose[one_key] = ""  # two children's: nobody's
    return [whose.get(one_key, "") for one_key in key]


@contextlib.contextmanager
def _engine(url: str, name: str) -> Iterator[Any]:
    """Open a database; whatever it says is brought into one line without the words of a query or a cell."""
    import sqlalchemy
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    engine = None
    try:
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool, hide_parameters=True)
        yield engine
    except ImportError as error:
        raise UsageError(f"the database needs a driver that is not installed: {error.name}") from None
    except ArgumentError:  # no dialect of that name, or one that can't take the URL's parts
        raise UsageError(f"{name}: the database URL is not of the form dialect+driver://user:password@host/database") from None
    except SQLAlchemyError as error:
        raise InputError(f"the database refuses ({type(error).__name__})", source=name) from None
    finally:
        if engine is not None:
            engine.dispose()


def _listed(url: str, schema: str, name: str) -> list[tuple[str, str, str]]:
    """Return the dataset's tables: name, name as SQL needs it, and the first column as SQL needs it."""
    import sqlalchemy

    with _engine(url, name) as engine:
        look = sqlalchemy.inspect(engine)
        quote = engine.dialect.identifier_preparer.quote
        found = []
        for table in sorted(look.get_table_names(schema=schema or None)):
            if table.lower().startswith("ssd_") and table.lower() not in _LEFT_OUT:
                columns = look.get_columns(table, schema=schema or None)
                if columns:
                    found.append((table, f"{quote(schema)}.{quote(table)}" if schema else quote(table), quote(columns[0]["name"])))
        return found


def with_voice_table(linked: Linked, to: ReturnTables) -> Linked:
    """Return the same with a table ``ssd_voice``: one row for each row of the dataset's tables, with the indicators and no other column.

    Parameters
    ----------
    linked : Linked
        From `attach`.
    to : ReturnSSD
        The return that was attached to.
    """
    import pyarrow as pa

    parts = []
    for name, one in to.parts.items():
        table = linked.tables[name]
        own = pa.table(
            {
                "voic_table_id": pa.nulls(table.num_rows, pa.int64()),
                "voic_person_id": pa.array(to.children(name), pa.string()),
                "voic_source_table": pa.array([name] * table.num_rows, pa.string()),
                "voic_source_id": pa.array(one.values[0], pa.string()),
            }
        )
        voice = [column for column in table.column_names if column.startswith(PREFIX)]
        for column in voice:
            own = own.append_column(_PREFIX + column.removeprefix(PREFIX), table.column(column))
        parts.append(own)
    joined = pa.concat_tables(parts)
    joined = joined.set_column(0, "voic_table_id", pa.array(range(1, joined.num_rows + 1), pa.int64()))
    own_words = {column: {"title": column, "description": said, "type": "string"} for column, said in _OWN.items()}
    links = {field["name"]: field for one in linked.dictionary["resources"][:1] for field in one["schema"]["fields"]}
    for column in ("link", "window_start", "window_end"):
        known = links[PREFIX + column]
        said = known["description"] if column == "link" else "As in the table beside whose row it stands. Empty: no bound."
        own_words[_PREFIX + column] = {"title": known["title"], "description": said, "type": known["type"]}
    schema = data_dictionary(joined.column_names, prefix=_PREFIX, own=own_words)
    resource = {"name": VOICE_TABLE, "description": "Voice beside every row of the dataset's tables.", "schema": schema}
    dictionary = {**linked.dictionary, "resources": [*linked.dictionary["resources"], resource]}
    return replace(linked, tables={**linked.tables, VOICE_TABLE: joined}, dictionary=dictionary)


def write_voice_table(table: pa.Table, to: ReturnTables) -> int:
    """Write ``ssd_voice`` into the database, in the place of an earlier one of ours; all rows or none. Nothing else there is touched.

    Parameters
    ----------
    table : pyarrow.Table
        ``ssd_voice`` from `with_voice_table`.
    to : ReturnSSD
        The return that `read_ssd` gave, which knows where.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    InputError
        If the database refuses, as it does to a login that may only read.
    UsageError
        If there is a table of that name that voicenlp did not write, or the return did not come from a database.
    """
    import pyarrow as pa
    import sqlalchemy as sa

    if not isinstance(to, ReturnSSD):
        raise UsageError(f"{to.source}: did not come from a database")

    def kind(of: pa.DataType) -> Any:
        if pa.types.is_integer(of):
            return sa.BigInteger()
        return sa.Float() if pa.types.is_floating(of) else sa.Date() if pa.types.is_date(of) else sa.Unicode(255)

    with _engine(to.url, to.source) as engine:
        look = sa.inspect(engine)
        if look.has_table(VOICE_TABLE, schema=to.schema or None):
            there = {column["name"] for column in look.get_columns(VOICE_TABLE, schema=to.schema or None)}
            if not set(_OWN) <= there:
                raise UsageError(f"{to.source}: there is a table {VOICE_TABLE} already that is not of voicenlp; not touched")
        key = {"primary_key": True, "autoincrement": False}
        columns = [sa.Column(one.name, kind(one.type), **(key if one.name == "voic_table_id" else {})) for one in table.schema]
        made = sa.Table(VOICE_TABLE, sa.MetaData(), *columns, schema=to.schema or None)
        with engine.begin() as connection:
            made.drop(connection, checkfirst=True)
            made.create(connection)
            for batch in table.to_batches(max_chunksize=2048):
                if batch.num_rows:
                    connection.execute(made.insert(), batch.to_pylist())
    return int(table.num_rows)
