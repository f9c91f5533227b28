import os
import signal

import pytest

from voicenlp.engines.base import Batch, Task
from voicenlp.engines.local import LocalEngine
from voicenlp.errors import ModelError, UsageError
from voicenlp.records import Note, Person


def batches(count, size=3):
    for n in range(count):
        yield Batch([Note(f"{n}-{m}", f"Kai {n} said he wants to go home.") for m in range(size)])


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers):
    found = [result.notes.column("note_id").to_pylist() for result in LocalEngine(workers).run(Task("rules"), batches(20))]
    assert found == [[f"{n}-{m}" for m in range(3)] for n in range(20)]


@pytest.mark.parametrize("workers", [1, 2])
def test_work_in_flight_is_bounded(workers):
    handed = []

    def counted():
        for batch in batches(40):
            handed.append(batch)
            yield batch

    results = LocalEngine(workers).run(Task("rules"), counted())
    next(results)
    assert len(handed) <= workers * 3
    results.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_fault_of_the_source_comes_through(workers):
    def broken():
        yield from batches(2)
        raise UsageError("row 7")

    with pytest.raises(UsageError, match="row 7"):
        list(LocalEngine(workers).run(Task("rules"), broken()))


def test_no_such_model():
    with pytest.raises(ModelError):
        list(LocalEngine().run(Task("none"), batches(1)))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX")
def test_worker_that_is_killed():
    import multiprocessing

    def killing():
        for n, batch in enumerate(batches(50)):
            if n == 8:
                for child in multiprocessing.active_children():
                    os.kill(child.pid, signal.SIGKILL)
            yield batch

    with pytest.raises(UsageError, match="a worker process stopped"):
        list(LocalEngine(2).run(Task("rules"), killing()))


def test_worker_rejects_one_note_and_goes_on():
    notes = [Note("a", " \n"), Note("b", "Kai said he wants to go home."), Note("c", "x" * 41)]
    result = Task("rules", limit_chars=40).open().run(Batch(notes, {"": [Person("", "p1", "Kai", (), "child")]}))
    assert result.rejects.to_pylist() == [
        {"note_id": "a", "stage": "tag", "reason": "empty text"},
        {"note_id": "c", "stage": "tag", "reason": "longer than 40 characters"},
    ]
    assert result.spans.column("person_id").to_pylist() == ["p1"] and result.texts is None and result.lines == b""
