"""Rows of Parquet files and of tables in memory: Arrow, pandas, Polars and all that speak the Arrow PyCapsule interface."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicenlp.errors import InputError
from voicenlp.io.encoding import Probe, probe, unreadable
from voicenlp.io.rows import file_input, rows_hash

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ArrowRows", "ParquetRows", "as_arrow"]

_BATCH = 512


def _cells(batch: Any, source: str, first: int) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield the rows of a record batch as Python values."""
    import pyarrow as pa

    columns = []
    for place, kind in enumerate(batch.schema):
        column = batch.column(place)
        if pa.types.is_timestamp(kind.type) and kind.type.unit == "ns":  # Python's datetime has no nanoseconds
            column = column.cast(pa.timestamp("us", kind.type.tz), safe=False)
        try:
            columns.append(column.to_pylist())
        except (ValueError, OverflowError, LookupError, pa.ArrowException):
            raise InputError(f"holds values ({kind.type}) that can't be read", source=source, column=kind.name) from None
    yield from enumerate(zip(*columns, strict=True), first)


def _check_kinds(schema: Any, names: Sequence[str], source: str) -> None:
    import pyarrow as pa

    for kind in schema:
        if kind.name in names and (pa.types.is_nested(kind.type) or pa.types.is_binary(kind.type) or pa.types.is_large_binary(kind.type)):
            raise InputError(f"holds {kind.type} where text, numbers or dates are needed", source=source, column=kind.name)


@dataclass(frozen=True)
class ParquetRows:
    """A Parquet file. Only the columns asked for are read; rows are counted from 1."""

    path: Path
    columnar = True

    @property
    def name(self) -> str:
        """The path as given."""
        return str(self.path)

    @cached_property
    def _probe(self) -> Probe:
        return probe(self.path, text=False)

    def _open(self) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(self.path, pre_buffer=False)
        except (pa.ArrowException, EOFError):
            raise InputError("not a Parquet file, or cut short", source=self.name) from None
        except OSError as error:
            if error.errno is None:  # Arrow's own word for bytes that make no sense
                raise InputError("not a Parquet file, or cut short", source=self.name) from None
            raise unreadable(self.path, error) from None

    def columns(self) -> list[str]:
        """Return the names of the columns."""
        with self._open() as file:
            return list(file.schema_arrow.names)

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Yield the rows, 512 read at a time."""
        import pyarrow as pa

        first = 1
        with self._open() as file:
            _check_kinds(file.schema_arrow, names, self.name)
            try:
                for batch in file.iter_batches(batch_size=_BATCH, columns=list(dict.fromkeys(names))):
                    yield from _cells(batch.select(list(names)), self.name, first)
                    first += batch.num_rows
            except (pa.ArrowException, OSError):
                raise InputError("is damaged", source=self.name, row=first) from None

    def inputs(self, names: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return the file's entry for a list of inputs."""
        return [file_input(self.path, self._probe)]


def as_arrow(source: Any, name: str = "table") -> pa.Table:
    """Turn a table of pyarrow, pandas, Polars, DuckDB or any library that speaks the Arrow PyCapsule interface into an Arrow table.

    A stream that can be read only once (a `pyarrow.RecordBatchReader`) is read into memory.

    Raises
    ------
    InputError
        If it can't be turned into one.
    """
    import pyarrow as pa

    try:
        if isinstance(source, pa.Table):
            return source
        if isinstance(source, pa.RecordBatch):
            return pa.Table.from_batches([source])
        if type(source).__module__.split(".")[0] == "pandas":
            return _from_pandas(source)
        return pa.table(source)
    except (pa.ArrowException, ValueError, TypeError) as error:
        # Arrow's messages quote the cell at fault, which may be a note
        raise InputError(f"can't be read as a table ({type(error).__name__})", source=name) from None


def _from_pandas(frame: Any) -> pa.Table:
    """Turn a DataFrame into Arrow; a column that holds values of different kinds becomes text."""
    import pyarrow as pa

    arrays = []
    for place in range(frame.shape[1]):
        series = frame.iloc[:, place]
        try:
            arrays.append(pa.array(series, from_pandas=True))
        except (pa.ArrowException, TypeError, ValueError):
            values = (None if value is None or value != value else value for value in series.tolist())
            arrays.append(pa.array([None if value is None else str(value) for value in values], type=pa.string()))
    chunked = [array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array]) for array in arrays]
    return pa.Table.from_arrays(chunked, names=[str(name) for name in frame.columns])


@dataclass(frozen=True)
class ArrowRows:
    """An Arrow table in memory; rows are counted from 1."""

    table: pa.Table = field(repr=False)
    name: str = "table"
    columnar = True

    def columns(self) -> list[str]:
        """Return the names of the columns."""
        return list(self.table.column_names)

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, Sequence[Any]]]:
        """Yield the rows, 512 turned into Python values at a time."""
        _check_kinds(self.table.schema, names, self.name)
        first = 1
        for batch in self.table.select(list(names)).to_batches(max_chunksize=_BATCH):
            yield from _cells(batch, self.name, first)
            first += batch.num_rows

    def inputs(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return the hash of the cells of `names`."""
        sha256, size = rows_hash(self.rows(names))
        return [{"name": self.name, "sha256": sha256, "bytes": size}]
