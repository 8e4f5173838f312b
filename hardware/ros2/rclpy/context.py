"""A context: the participant that its nodes share, from ``init`` to ``shutdown`` (rclpy.context)."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from hardware.ros2.arguments import Arguments, parse_arguments
from hardware.ros2.environment import network
from hardware.ros2.graph import Graph
from hardware.ros2.participant import Participant
from hardware.ros2.rclpy.exceptions import NotInitializedException
from sim.errors import Sim2MetalError

_contexts: weakref.WeakSet[Context] = weakref.WeakSet()


class Context:
    """Owns the DDS participant and the graph; ``ok`` from ``init`` to ``shutdown``."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._on_shutdown: list[Callable[[], None]] = []
        self._wakers: weakref.WeakSet[Any] = weakref.WeakSet()
        self._participant: Participant | None = None
        self._graph: Graph | None = None
        self._domain_id = 0
        self.arguments = Arguments()

    def init(
        self, args: Sequence[str] | None = None, *, initialize_logging: bool = True, domain_id: int | None = None
    ) -> None:
        """Join the domain.

        Args:
            args: command line; None takes ``sys.argv``.
            initialize_logging: apply the log level in ``args``.
            domain_id: used instead of ROS_DOMAIN_ID.

        Raises:
            RuntimeError: if it was done already.
            ConfigError: for bad arguments or variables.
            DdsError: if the domain cannot be joined.
        """
        with self._lock:
            if self.ok():
                raise RuntimeError("Context.init() must only be called once")
            self.arguments = parse_arguments(args)
            if initialize_logging:
                self.arguments.apply_log_levels()
            net = network(domain_id=domain_id)
            self._participant = Participant(net, self.arguments.enclave)
            self._graph = Graph(self._participant)
            self._domain_id = net.domain_id
        _contexts.add(self)

    def ok(self) -> bool:
        """Whether it is initialised and not shut down."""
        return self._participant is not None

    def get_domain_id(self) -> int:
        """The DDS domain."""
        self._require()
        return self._domain_id

    @property
    def participant(self) -> Participant:
        """The DDS participant.

        Raises:
            NotInitializedException: before ``init`` and after ``shutdown``.
        """
        self._require()
        assert self._participant is not None
        return self._participant

    @property
    def graph(self) -> Graph:
        """What is known of the other nodes.

        Raises:
            NotInitializedException: before ``init`` and after ``shutdown``.
        """
        self._require()
        assert self._graph is not None
        return self._graph

    def shutdown(self) -> None:
        """Leave the domain.

        Raises:
            RuntimeError: if it is not initialised.
        """
        if not self.try_shutdown():
            raise RuntimeError("Context must be initialized before it can be shutdown")

    def try_shutdown(self) -> bool:
        """Leave the domain; return False if that was done already."""
        with self._lock:
            participant, graph = self._participant, self._graph
            if participant is None or graph is None:
                return False
            self._participant = self._graph = None
            callbacks, self._on_shutdown = self._on_shutdown, []
        for callback in callbacks:
            callback()
        self.wake()
        graph.close()
        participant.close()
        return True

    def destroy(self) -> None:
        """Leave the domain if that was not done already."""
        self.try_shutdown()

    def on_shutdown(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when the context shuts down."""
        if not callable(callback):
            raise TypeError("callback should be a callable")
        with self._lock:
            self._on_shutdown.append(callback)

    def wake(self) -> None:
        """Wake the executors, so that they see a change."""
        for waker in list(self._wakers):
            waker.wake()

    def add_waker(self, waker: Any) -> None:
        """Have ``waker.wake()`` called on a shutdown."""
        self._wakers.add(waker)

    def _require(self) -> None:
        if not self.ok():
            raise NotInitializedException("the context is not valid")

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *_: object) -> None:
        self.try_shutdown()


def shutdown_all() -> None:
    """Shut every context down (a signal asked for it); leaving the domain must not fail."""
    for context in list(_contexts):
        try:
            context.try_shutdown()
        except Sim2MetalError:
            continue


atexit.register(shutdown_all)  # others hear at once that a process is gone, not when its lease ends


def wake_all() -> None:
    """Wake every executor."""
    for context in list(_contexts):
        context.wake()
