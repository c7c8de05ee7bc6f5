"""Requests that arrive while a model is busy go through it together.

There is no window to wait in: a lone request is run at once, and while it runs the queue fills.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Owns the one thread that calls a model, and what waits for it."""

    def __init__(
        self, work: Callable[[list[Item]], Sequence[Result]], *, name: str, limit: int
    ) -> None:
        """Start with nothing queued.

        Args:
            work: gives a result for each item, in their order; blocks; called from one thread.
            name: of the thread.
            limit: items per call of ``work``.
        """
        self._work = work
        self._limit = limit
        self._waiting: deque[tuple[Item, Future[Result]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, item: Item) -> Result:
        """The result for ``item``; if the caller is cancelled before its turn, it is dropped.

        Raises:
            RuntimeError: closed already.
            Exception: what ``work`` raises for this very item.
        """
        future: Future[Result] = Future()
        self._waiting.append((item, future))
        # One call an item: the first of them takes the others' items too, which then find nothing.
        self._thread.submit(self._run_waiting)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Finish what was asked for, then stop the thread."""
        self._thread.shutdown()

    def _run_waiting(self) -> None:
        batch: list[tuple[Item, Future[Result]]] = []
        while self._waiting and len(batch) < self._limit:
            item, future = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                batch.append((item, future))
        if batch:
            self._answer(batch)

    def _answer(self, batch: list[tuple[Item, Future[Result]]]) -> None:
        """Run a batch; if it fails, run its items alone, so that each gets what it deserves."""
        try:
            results = self._work([item for item, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for alone in batch:
                self._answer([alone])
            return
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)
