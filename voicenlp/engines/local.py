"""The local engine: this process, or a pool of processes of the standard library."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context, parent_process

from voicenlp.engines.base import Batch, Result, Task, Worker
from voicenlp.errors import UsageError

__all__ = ["LocalEngine"]

IN_FLIGHT = 3
"""Batches handed out for each worker and not yet written: enough to keep it busy, few enough to bound memory."""

_worker: Worker | None = None


def _open(task: Task) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal; the first one ends the others in order
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = replace(task, threads=1).open()  # one core each: threads of several processes would only wait for each other


def _end_with_parent() -> None:
    """End this worker when its parent was killed: nothing else would tell it, and it would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Have workers that start meanwhile not hear Ctrl-C, not even before `_open` runs; Windows has no such mask."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
            If a worker process was killed (out of memory, mostly), or could not start.
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
                    with _undisturbed():
                        waiting.append(pool.submit(_run, batch))
                    while len(waiting) >= self.workers * IN_FLIGHT:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            except BrokenProcessPool as error:
                raise UsageError(
                    "a worker process stopped, most likely for want of memory: try fewer workers "
                    "(a script of your own that asks for workers needs its calls under if __name__ == '__main__')"
                ) from error
            finally:
                for future in waiting:
                    future.cancel()
