"""The local engine: this process, or a pool of processes of the standard library."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

from voicenlp.engines.base import Batch, Result, Task, Worker
from voicenlp.errors import UsageError

__all__ = ["LocalEngine"]

IN_FLIGHT = 3
"""Batches handed out for each worker and not yet written: enough to keep it busy, few enough to bound memory."""

_worker: Worker | None = None


def _open(task: Task) -> None:
    global _worker
    _worker = task.open()


def _run(batch: Batch) -> Result:
    assert _worker is not None
    return _worker.run(batch)


@dataclass(frozen=True)
class LocalEngine:
    """Tags with ``workers`` processes; one means this process.

    Examples
    --------
    >>> from voicenlp.records import Note
    >>> results = LocalEngine().run(Task("rules"), [Batch([Note("n1", "Kai wants to go home.")])])
    >>> [result.spans.column("speaker").to_pylist() for result in results]
    [['child']]
    """

    workers: int = 1

    def run(self, task: Task, batches: Iterable[Batch]) -> Iterator[Result]:
        """Yield one result for each batch, in order.

        Raises
        ------
        UsageError
            If a worker process was killed (out of memory, mostly).
        """
        if self.workers <= 1:
            worker = task.open()
            for batch in batches:
                yield worker.run(batch)
            return
        # "spawn" behaves the same on Windows, and no half-copied thread of a library comes along
        with ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"), initializer=_open, initargs=(task,)) as pool:
            waiting: deque[Future[Result]] = deque()
            try:
                for batch in batches:
                    waiting.append(pool.submit(_run, batch))
                    while len(waiting) >= self.workers * IN_FLIGHT:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            except BrokenProcessPool as error:
                raise UsageError(f"a worker process stopped ({type(error).__name__}); try fewer workers") from None
            finally:
                for future in waiting:
                    future.cancel()
