"""Futures and coroutines that an executor runs (rclpy.task)."""

from __future__ import annotations

import inspect
import threading
import weakref
from collections.abc import Callable, Generator
from typing import Any


class Future:
    """A result that comes later.

    Args:
        executor: runs the done callbacks; without one they run in the thread that sets the result.
    """

    def __init__(self, *, executor: Any = None) -> None:
        self._done = False
        self._cancelled = False
        self._result: Any = None
        self._exception: BaseException | None = None
        self._exception_fetched = False
        self._callbacks: list[Callable[[Future], None]] = []
        self._lock = threading.Lock()
        self._executor = weakref.ref(executor) if executor is not None else lambda: None

    def __await__(self) -> Generator[Any, None, Any]:
        while not (self._done or self._cancelled):
            yield self
        return self.result()

    def cancel(self) -> None:
        """Give the result up; a future that is done stays done."""
        with self._lock:
            if self._done or self._cancelled:
                return
            self._cancelled = True
        self._run_callbacks()

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._cancelled

    def done(self) -> bool:
        """Whether a result, an exception or a cancellation is there."""
        return self._done or self._cancelled

    def result(self) -> Any:
        """Return the result, None if there is none yet; raise the exception if there is one."""
        if self._exception is not None:
            self._exception_fetched = True
            raise self._exception
        return self._result

    def exception(self) -> BaseException | None:
        """Return the exception if there is one."""
        self._exception_fetched = True
        return self._exception

    def set_result(self, result: Any) -> None:
        """Complete with a result."""
        with self._lock:
            self._result = result
            self._done, self._cancelled = True, False
        self._run_callbacks()

    def set_exception(self, exception: BaseException) -> None:
        """Complete with an exception."""
        with self._lock:
            self._exception = exception
            self._exception_fetched = False
            self._done, self._cancelled = True, False
        self._run_callbacks()

    def add_done_callback(self, callback: Callable[[Future], Any]) -> None:
        """Call ``callback(self)`` when done, at once if it is done already."""
        with self._lock:
            if not self.done():
                self._callbacks.append(callback)
                return
        self._call(callback)

    def _run_callbacks(self) -> None:
        with self._lock:
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            self._call(callback)

    def _call(self, callback: Callable[[Future], Any]) -> None:
        executor = self._executor()
        if executor is not None:
            executor.create_task(callback, self)
        else:
            callback(self)


class Task(Future):
    """A function or coroutine that an executor runs; a coroutine is resumed when what it awaits is done.

    Args:
        handler: function, coroutine function or coroutine.
        args, kwargs: for a function.
        executor: which resumes the task.
    """

    def __init__(self, handler: Any, args: Any = None, kwargs: Any = None, executor: Any = None) -> None:
        super().__init__(executor=executor)
        self._handler = handler
        self._args = args or ()
        self._kwargs = kwargs or {}
        self._running = threading.Lock()
        if inspect.iscoroutinefunction(handler):
            self._handler = handler(*self._args, **self._kwargs)

    def __call__(self) -> None:
        """Run until the end or the next ``await`` on something that is not done."""
        if self.done() or not self._running.acquire(blocking=False):
            return
        try:
            self._step()
        except Exception as error:  # noqa: BLE001 (the user's callback: any error is its result)
            self.set_exception(error)
        finally:
            self._running.release()

    def executing(self) -> bool:
        """Whether it runs right now."""
        return self._running.locked()

    def cancel(self) -> None:
        """Stop it at its present ``await``."""
        if inspect.iscoroutine(self._handler) and not self.done() and not self._running.locked():
            self._handler.close()
        super().cancel()

    def _step(self) -> None:
        if not inspect.iscoroutine(self._handler):
            self.set_result(self._handler(*self._args, **self._kwargs))
            return
        try:
            awaited = self._handler.send(None)
        except StopIteration as end:
            self.set_result(end.value)
            return
        self._resume_after(awaited)

    def _resume_after(self, awaited: Any) -> None:
        executor = self._executor()
        if executor is None:
            return
        if isinstance(awaited, Future) and not awaited.done():
            awaited.add_done_callback(lambda _: executor._schedule(self))
        else:
            executor._schedule(self)
