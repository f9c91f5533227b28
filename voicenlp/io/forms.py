"""Form answers, one row a question: the rows of one form instance folded into one note."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from voicenlp.errors import InputError
from voicenlp.io.columns import as_id, as_text, plain
from voicenlp.io.dates import parse_date
from voicenlp.io.presets import PresetMatch
from voicenlp.io.rows import Rows
from voicenlp.records import Note

__all__ = ["FormAnswers"]

_CARRIED = ("child_id", "date", "author", "author_role", "note_type", "title")


@dataclass(frozen=True)
class _Answer:
    """One row of a long table."""

    row: int
    instance: str
    child_id: str
    question: str
    answer: str
    date: dt.date | None
    visit: dt.date | None
    carried: tuple[str, ...]


@dataclass(frozen=True)
class FormAnswers:
    """A long table of form answers.

    Rows of an instance need not stand together: a first pass counts them, and a note is handed on with the last of its rows, so only
    instances not yet complete are held. An instance that answers for several children gives each of them a note, named
    ``instance/child``, and one named ``instance`` for the answers that name no child: one child's words never stand in another's note.
    The text is ``Question``, line break, ``answer``, two line breaks, for each row in order; an empty answer leaves its question standing.
    """

    rows: Rows
    match: PresetMatch

    @property
    def names(self) -> list[str]:
        """The source's columns that are read."""
        return list(dict.fromkeys(column for columns in self.match.columns.values() for column in columns))

    def _answers(self, keys: tuple[str, ...] | None = None) -> Iterator[_Answer]:
        preset, columns = self.match.preset, self.match.columns
        names = self.names
        if keys is not None:
            names = list(dict.fromkeys(column for key in keys for column in columns.get(key, ())))
        days = {plain(code) for code in preset.date_questions}
        for row, cells in self.rows.rows(names):
            cell = dict(zip(names, cells, strict=True))
            instance = [self._text(row, column, cell, strip=True) for column in columns["instance"]]
            if not instance[0]:
                raise InputError("is empty", source=self.rows.name, row=row, column=columns["instance"][0])
            question = answer = ""
            visit = None
            if keys is None:
                code = next((code for code in (self._text(row, name, cell) for name in columns["question"]) if code.strip()), "")
                answer = next((text for text in (self._text(row, name, cell) for name in columns["answer"]) if text.strip()), "")
                question = preset.questions.get(plain(code), " ".join(code.split()))
                if plain(code) in days:
                    visit = self._visit(cell)
            carried = {
                key: self._text(row, columns[key][0], cell, strip=True)
                for key in _CARRIED
                if key in columns and columns[key][0] in cell and key != "date"
            }
            yield _Answer(
                row, "/".join(instance), carried.pop("child_id", ""), question, answer, self._date(row, cell), visit,
                tuple(carried.get(key, "") for key in _CARRIED[2:]),
            )  # fmt: skip

    def _text(self, row: int, column: str, cell: Mapping[str, Any], *, strip: bool = False) -> str:
        try:
            return as_id(cell[column]) if strip else as_text(cell[column])
        except ValueError as error:
            raise InputError(str(error), source=self.rows.name, row=row, column=column) from None

    def _date(self, row: int, cell: Mapping[str, Any]) -> dt.date | None:
        column = self.match.columns.get("date", ("",))[0]
        try:
            return parse_date(cell.get(column), self.match.preset.date_formats)
        except ValueError as error:
            raise InputError(str(error), source=self.rows.name, row=row, column=column) from None

    def _visit(self, cell: Mapping[str, Any]) -> dt.date | None:
        """The day given as an answer; people write all sorts there, so one that is none is only an answer."""
        for column in self.match.columns["answer"]:
            try:
                if (day := parse_date(cell[column])) is not None:
                    return day
            except ValueError:
                continue
        return None

    @cached_property
    def _plan(self) -> tuple[Counter[tuple[str, str]], dict[str, list[str]]]:
        """How many rows each instance has for each child (blank for none), and which children each instance names."""
        counts: Counter[tuple[str, str]] = Counter()
        children: dict[str, list[str]] = {}
        for answer in self._answers(("instance", "child_id", "date")):
            counts[answer.instance, answer.child_id] += 1
            named = children.setdefault(answer.instance, [])
            if answer.child_id and answer.child_id not in named:
                named.append(answer.child_id)
        merged: Counter[tuple[str, str]] = Counter()
        for (instance, child), count in counts.items():
            merged[instance, self._child(child, children[instance])] += count
        return merged, children

    @staticmethod
    def _child(child: str, named: list[str]) -> str:
        return named[0] if not child and len(named) == 1 else child

    @staticmethod
    def _name(instance: str, child: str, named: list[str]) -> str:
        return f"{instance}/{child}" if child and len(named) > 1 else instance

    def count(self) -> int:
        """Return how many notes the table folds into.

        Raises
        ------
        InputError
            If a row has no instance or a date that is none, or two notes would have the same name.
        """
        counts, children = self._plan
        seen = set()
        for instance, child in counts:
            name = self._name(instance, child, children[instance])
            if name in seen:
                raise InputError("two forms would have the same note_id", source=self.rows.name, column=self.match.columns["instance"][0])
            seen.add(name)
        return len(counts)

    def notes(self) -> Iterator[tuple[int, Note]]:
        """Yield each note with the number of its last row, in the order of these."""
        counts, children = self._plan
        left = counts.copy()
        waiting: dict[tuple[str, str], list[_Answer]] = {}
        for answer in self._answers():
            named = children[answer.instance]
            key = answer.instance, self._child(answer.child_id, named)
            waiting.setdefault(key, []).append(answer)
            left[key] -= 1
            if not left[key]:
                del left[key]
                yield answer.row, self._fold(self._name(*key, named), key[1], waiting.pop(key))

    @staticmethod
    def _fold(note_id: str, child_id: str, answers: list[_Answer]) -> Note:
        text = "".join((f"{one.question}\n" if one.question else "") + f"{one.answer}\n\n" for one in answers)
        visit = next((one.visit for one in answers if one.visit), None)
        date = visit or next((one.date for one in answers if one.date), None)
        author, role, kind, title = (next((one.carried[place] for one in answers if one.carried[place]), "") for place in range(4))
        return Note(note_id, text, child_id, date, author, role, kind, title)
