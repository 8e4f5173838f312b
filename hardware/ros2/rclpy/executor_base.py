"""What all executors do: wait for messages, timers and calls, and run their callbacks.

The wait is one DDS wait set with a time-out at the next timer: no polling. What another thread
changes (a new entity, a done future, a signal) wakes it.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from hardware.ros2.participant import WaitSet
from hardware.ros2.rclpy.context import Context
from hardware.ros2.rclpy.executor_errors import (
    ConditionReachedException,
    ExternalShutdownException,
    ShutdownException,
    TimeoutException,
)
from hardware.ros2.rclpy.task import Future, Task
from hardware.ros2.rclpy.utilities import get_default_context

_FOREVER_NS = 3_600_000_000_000
"""Longest single sleep; the loop then sleeps again."""


class Executor:
    """Base of the executors.

    Args:
        context: whose shutdown ends ``spin``; None for the default one.
    """

    def __init__(self, *, context: Context | None = None) -> None:
        self._context = get_default_context() if context is None else context
        self._nodes: list[Any] = []
        self._lock = threading.RLock()
        self._is_shutdown = False
        self._waitset = WaitSet(self._context.participant)
        self._attached: dict[int, Any] = {}
        self._parked: set[int] = set()
        self._dirty = True
        self._ready: deque[Any] = deque()
        self._tasks: deque[Task] = deque()
        self._tasks_first = False
        self._running = 0
        self._idle = threading.Condition(self._lock)
        self._context.add_waker(self)

    @property
    def context(self) -> Context:
        """The context."""
        return self._context

    def create_task(self, callback: Any, *args: Any, **kwargs: Any) -> Task:
        """Run a function or coroutine in this executor; return the future of its result."""
        task = Task(callback, args, kwargs, executor=self)
        self._schedule(task)
        return task

    def add_node(self, node: Any) -> bool:
        """Serve a node's callbacks; return False if it is served already."""
        with self._lock:
            if node in self._nodes:
                return False
            self._nodes.append(node)
        node.executor = self
        self.entities_changed()
        return True

    def remove_node(self, node: Any) -> None:
        """Serve a node's callbacks no more."""
        with self._lock:
            if node in self._nodes:
                self._nodes.remove(node)
        self.entities_changed()

    def get_nodes(self) -> list[Any]:
        """The served nodes."""
        with self._lock:
            return list(self._nodes)

    def wake(self) -> None:
        """Have a waiting ``spin`` look again."""
        self._waitset.wake()

    def can_execute(self, entity: Any) -> bool:
        """Whether an entity's group lets its callback run now."""
        return _can_execute(entity)

    def entities_changed(self) -> None:
        """A node has new entities or lost some."""
        self._dirty = True
        self.wake()

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """End ``spin`` and wait for running callbacks; return False if some still run after ``timeout_sec``."""
        with self._lock:
            self._is_shutdown = True
        self.wake()
        with self._idle:
            timeout = None if timeout_sec is None or timeout_sec < 0 else timeout_sec
            if getattr(_current, "executor", None) is self:  # called by one of its own callbacks
                return True
            if not self._idle.wait_for(lambda: self._running == 0, timeout):
                return False
        self._waitset.close()
        return True

    def spin(self) -> None:
        """Run callbacks until shutdown."""
        while self._context.ok() and not self._is_shutdown:
            self.spin_once()

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Run one callback, or return after ``timeout_sec`` (None: wait for one; 0: do not wait).

        Raises:
            ExternalShutdownException: if the context is shut down meanwhile.
        """
        self._spin_once(timeout_sec, None)

    def spin_until_future_complete(self, future: Future, timeout_sec: float | None = None) -> None:
        """Run callbacks until ``future`` is done or ``timeout_sec`` have passed."""
        future.add_done_callback(lambda _: self.wake())
        end = None if timeout_sec is None or timeout_sec < 0 else time.monotonic() + timeout_sec
        while self._context.ok() and not future.done() and not self._is_shutdown:
            self._spin_once(None if end is None else max(0.0, end - time.monotonic()), future.done)
            if end is not None and time.monotonic() >= end:
                return

    def spin_once_until_future_complete(self, future: Future, timeout_sec: float | None = None) -> None:
        """Run one callback, or return when ``future`` is done or ``timeout_sec`` have passed."""
        future.add_done_callback(lambda _: self.wake())
        self._spin_once(timeout_sec, future.done)

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()

    def _spin_once(self, timeout_sec: float | None, done: Callable[[], bool] | None) -> None:
        try:
            entity, work = self._next(timeout_sec, done)
        except (TimeoutException, ShutdownException, ConditionReachedException):
            return
        self._execute(entity, work)

    def _execute(self, entity: Any, work: Callable[[], Any]) -> None:
        """Run one callback; subclasses say where."""
        raise NotImplementedError

    def _schedule(self, task: Task) -> None:
        self._tasks.append(task)
        self.wake()

    def _next(self, timeout_sec: float | None, done: Callable[[], bool] | None) -> tuple[Any, Callable[[], Any]]:
        """Return the next entity (None for a task) and its work, its group taken."""
        end = None if timeout_sec is None or timeout_sec < 0 else time.monotonic_ns() + int(timeout_sec * 1e9)
        first = True
        while True:
            if not self._context.ok():
                raise ExternalShutdownException
            if self._is_shutdown:
                raise ShutdownException
            if done is not None and done():
                raise ConditionReachedException
            found = self._pop()
            if found is not None:
                return found
            left = _FOREVER_NS if end is None else end - time.monotonic_ns()
            if left <= 0 and not first:
                raise TimeoutException
            first = False
            self._collect(max(0, left))

    def _pop(self) -> tuple[Any, Callable[[], Any]] | None:
        """Return what is ready: tasks and entities in turn, so that neither starves the other."""
        if self._tasks and not self._ready:
            self._collect(0)
        self._tasks_first = not self._tasks_first
        if self._tasks_first:
            return self._pop_task() or self._pop_entity()
        return self._pop_entity() or self._pop_task()

    def _pop_task(self) -> tuple[None, Task] | None:
        while self._tasks:
            task = self._tasks.popleft()
            if not task.done():
                return None, task
        return None

    def _pop_entity(self) -> tuple[Any, Callable[[], Any]] | None:
        while self._ready:
            entity = self._ready.popleft()
            if not entity.callback_group.beginning_execution(entity):
                self._park(entity)
                continue
            work = self._take(entity)
            if work is not None:
                return entity, work
            entity.callback_group.ending_execution(entity)
        return None

    def _take(self, entity: Any) -> Callable[[], Any] | None:
        try:
            return entity._work()
        except Exception:
            entity.callback_group.ending_execution(entity)
            raise

    def _collect(self, timeout_ns: int) -> None:
        """Wait until something is ready and note it: timers first, as rclpy does."""
        if self._dirty:
            self._attach()
        nodes = self.get_nodes()
        timers = [timer for node in nodes for timer in node.timers]
        for timer in timers:
            due = timer._due_in_ns()
            if due is not None and timer.callback_group.can_execute(timer):
                timeout_ns = min(timeout_ns, due)
        guards = [guard for node in nodes for guard in node.guards]
        if any(guard._ready() and guard.callback_group.can_execute(guard) for guard in guards):
            timeout_ns = 0
        triggered = self._waitset.wait(timeout_ns)
        self._ready.extend(t for t in timers if t.is_ready() and t.callback_group.can_execute(t))
        self._ready.extend(self._attached[key] for key in triggered if key in self._attached)
        self._ready.extend(g for g in guards if g._ready() and g.callback_group.can_execute(g))

    def _attach(self) -> None:
        """Make the wait set hold the conditions of the served entities, less those that wait for their group."""
        with self._lock:
            self._dirty = False
            wanted = {entity.condition: entity for node in self._nodes for entity in node._conditional_entities()}
            for condition in [key for key in self._attached if self._attached[key] is not wanted.get(key)]:
                self._waitset.detach(condition)
                del self._attached[condition]
            self._parked = {key for key in self._parked if key in wanted and not _can_execute(wanted[key])}
            for condition, entity in wanted.items():
                if condition not in self._attached and condition not in self._parked:
                    self._waitset.attach(condition)
                    self._attached[condition] = entity

    def _park(self, entity: Any) -> None:
        """Stop waiting for an entity whose group is busy: its condition would wake the wait at once."""
        condition = getattr(entity, "condition", None)
        if condition is None:
            return
        with self._lock:
            self._waitset.detach(condition)
            self._attached.pop(condition, None)
            self._parked.add(condition)
        if _can_execute(entity):  # the group was given back meanwhile
            self.entities_changed()

    def _run(self, entity: Any, work: Callable[[], Any]) -> None:
        """Run a callback in this thread and give its group back."""
        with self._idle:
            self._running += 1
        before, _current.executor = getattr(_current, "executor", None), self
        try:
            result = work()
            if inspect.iscoroutine(result):
                self._run_coroutine(result)
            elif isinstance(work, Task) and work.done():
                work.result()
        finally:
            _current.executor = before
            if entity is not None:
                entity.callback_group.ending_execution(entity)
            with self._idle:
                self._running -= 1
                self._idle.notify_all()
            self._after_run()

    def _after_run(self) -> None:
        if self._parked:
            self.entities_changed()

    def _run_coroutine(self, coroutine: Any) -> None:
        task = Task(coroutine, executor=self)
        task()
        if task.done():
            task.result()


def _can_execute(entity: Any) -> bool:
    return entity.callback_group.can_execute(entity)


_current = threading.local()
