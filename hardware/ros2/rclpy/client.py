"""Clients of services (rclpy.client)."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any

from hardware.ros2.codec import codec
from hardware.ros2.dds_qos import dds_qos
from hardware.ros2.errors import CdrError
from hardware.ros2.idl import service_idl_type
from hardware.ros2.rclpy.endpoint import (
    check_service_type,
    decode_call,
    encode_call,
    endpoint_data,
    service_identifier,
    warn_refused,
)
from hardware.ros2.rclpy.exceptions import InvalidHandle, RCLError
from hardware.ros2.rclpy.qos import QoSProfile
from hardware.ros2.rclpy.task import Future
from hardware.ros2.wire import ServiceCall, parse_user_data, reply_name, request_name


class Client:
    """Calls a service of one type; made by ``Node.create_client``."""

    def __init__(self, node: Any, srv_type: type, srv_name: str, qos_profile: QoSProfile, callback_group: Any) -> None:
        name = check_service_type(srv_type)
        self.srv_type: Any = srv_type
        self.srv_name = srv_name
        self.qos_profile = qos_profile
        self.callback_group = callback_group
        self._node = node
        self.context = node.context
        request, response = f"{name}_Request", f"{name}_Response"
        self._request, self._response = codec(request), codec(response)
        participant, identifier = node.context.participant, service_identifier()
        data = [endpoint_data(kind, clientid=identifier) for kind in (request, response)]
        reader_qos, writer_qos = dds_qos(qos_profile, data[1], writer=False), dds_qos(qos_profile, data[0], writer=True)
        self._reader = participant.reader(reply_name(srv_name), service_idl_type(response), reader_qos)
        self._writer = participant.writer(request_name(srv_name), service_idl_type(request), writer_qos)
        self.condition = self._reader.condition
        self._identifier = secrets.randbits(64)
        self._sequence = 0
        self._pending: dict[int, Future] = {}
        self._lock = threading.Lock()
        self._destroyed = False

    @property
    def service_name(self) -> str:
        """The service's full name."""
        return self.srv_name

    @property
    def handle(self) -> Client:
        """Itself; rclpy has its C handle here."""
        if self._destroyed:
            raise InvalidHandle(f"the client of {self.srv_name} was destroyed")
        return self

    def call(self, request: Any, timeout_sec: float | None = None) -> Any:
        """Call and wait; another thread has to spin the node.

        Args:
            request: the request.
            timeout_sec: longest wait; None for none.

        Returns:
            The response.

        Raises:
            TypeError: for another type of request.
            TimeoutError: without an answer in time.
        """
        done = threading.Event()
        future = self.call_async(request)
        future.add_done_callback(lambda _: done.set())
        if not done.wait(timeout_sec if timeout_sec is not None and timeout_sec >= 0 else None):
            self.remove_pending_request(future)
            raise TimeoutError(f"service {self.srv_name} did not answer in {timeout_sec} s")
        return future.result()

    def call_async(self, request: Any) -> Future:
        """Call; the future gets the response.

        Raises:
            TypeError: for another type of request.
            RCLError: if the context is shut down.
        """
        if not isinstance(request, self.srv_type.Request):
            raise TypeError(f"service {self.srv_name} needs a {self.srv_type.Request}, not {type(request)}")
        future = Future()
        with self._lock:
            self._sequence += 1
            sequence = self._sequence
            self._pending[sequence] = future
        code = self._writer.write(encode_call(self._request, request, ServiceCall(self._identifier, sequence)))
        if code < 0:
            self.remove_pending_request(future)
            raise RCLError(f"Failed to send a request to {self.srv_name} ({code}): is the context shut down?")
        return future

    def remove_pending_request(self, future: Future) -> None:
        """Wait for an answer no more."""
        with self._lock:
            self._pending = {number: other for number, other in self._pending.items() if other is not future}

    def service_is_ready(self) -> bool:
        """Whether a service is there whose reader and writer are both matched."""
        if self._destroyed or not self.context.ok():
            return False
        readers = [parse_user_data(data).get("serviceid") for data in self._writer.matched_data()]
        writers = [parse_user_data(data).get("serviceid") for data in self._reader.matched_data_all()]
        return any(reader in writers for reader in readers)

    def wait_for_service(self, timeout_sec: float | None = None) -> bool:
        """Wait until ``service_is_ready``; return whether it is."""
        return self.context.graph.wait(self.service_is_ready, timeout_sec)

    def destroy(self) -> None:
        """Stop; better use ``Node.destroy_client``."""
        if not self._destroyed:
            self._destroyed = True
            self._reader.close()
            self._writer.close()

    def _work(self) -> Callable[[], Any] | None:
        if self._destroyed:
            return None
        for data, info in self._reader.take():
            if not info.valid_data:
                continue
            try:
                response, call = decode_call(self._response, data)
            except CdrError as error:
                warn_refused(self._node, self.srv_name, error)
                continue
            if call.client != self._identifier:
                continue  # the answer to another client: all share the topic
            with self._lock:
                future = self._pending.pop(call.sequence, None)
            if future is not None:
                return lambda: future.set_result(response)
        return None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()
