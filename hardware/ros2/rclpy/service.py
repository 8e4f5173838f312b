"""Services (rclpy.service)."""

from __future__ import annotations

import time
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
from hardware.ros2.rclpy.exceptions import InvalidHandle
from hardware.ros2.rclpy.qos import QoSProfile
from hardware.ros2.wire import ServiceCall, parse_user_data, reply_name, request_name

CLIENT_MATCH_S = 0.1
"""How long a reply waits for a client whose reader is not matched yet; rmw_cyclonedds waits as long."""
_STEP_S = 0.005
_MAX_KNOWN_CLIENTS = 1000
"""Clients that are remembered as matched; more are looked up again."""


class Service:
    """Answers requests of one type; made by ``Node.create_service``."""

    def __init__(
        self,
        node: Any,
        srv_type: type,
        srv_name: str,
        callback: Callable[[Any, Any], Any],
        callback_group: Any,
        qos_profile: QoSProfile,
    ) -> None:
        name = check_service_type(srv_type)
        self.srv_type: Any = srv_type
        self.srv_name = srv_name
        self.callback = callback
        self.callback_group = callback_group
        self.qos_profile = qos_profile
        self._node = node
        request, response = f"{name}_Request", f"{name}_Response"
        self._request, self._response = codec(request), codec(response)
        participant, identifier = node.context.participant, service_identifier()
        data = [endpoint_data(kind, serviceid=identifier) for kind in (response, request)]
        writer_qos, reader_qos = dds_qos(qos_profile, data[0], writer=True), dds_qos(qos_profile, data[1], writer=False)
        self._writer = participant.writer(reply_name(srv_name), service_idl_type(response), writer_qos)
        self._reader = participant.reader(request_name(srv_name), service_idl_type(request), reader_qos)
        self.condition = self._reader.condition
        self._known_clients: set[int] = set()
        self._destroyed = False

    @property
    def service_name(self) -> str:
        """The service's full name."""
        return self.srv_name

    @property
    def handle(self) -> Service:
        """Itself; rclpy has its C handle here."""
        if self._destroyed:
            raise InvalidHandle(f"the service {self.srv_name} was destroyed")
        return self

    def send_response(self, response: Any, header: ServiceCall) -> None:
        """Answer a call.

        Raises:
            TypeError: for another type of response.
        """
        if not isinstance(response, self.srv_type.Response):
            raise TypeError(f"service {self.srv_name} needs a {self.srv_type.Response}, not {type(response)}")
        if not self._destroyed:
            self._writer.write(encode_call(self._response, response, header))

    def destroy(self) -> None:
        """Answer no more; better use ``Node.destroy_service``."""
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
                request, call = decode_call(self._request, data)
            except CdrError as error:
                warn_refused(self._node, self.srv_name, error)
                continue
            return lambda: self._answer(request, call, info.publication_handle)
        return None

    def _answer(self, request: Any, call: ServiceCall, publication: int) -> Any:
        response = self.callback(request, self.srv_type.Response())
        if hasattr(response, "__await__"):
            return self._answer_later(response, call, publication)
        self._wait_for_client(publication)
        self.send_response(response, call)
        return None

    async def _answer_later(self, response: Any, call: ServiceCall, publication: int) -> None:
        answer = await response
        self._wait_for_client(publication)
        self.send_response(answer, call)

    def _wait_for_client(self, publication: int) -> None:
        """Wait until the client that wrote the request can receive: a reply before that would be lost."""
        if publication in self._known_clients or self._destroyed:
            return
        writer = self._reader.matched_data(publication)
        client = parse_user_data(writer).get("clientid") if writer is not None else None
        end = time.monotonic() + CLIENT_MATCH_S
        while client is not None and time.monotonic() < end:
            if any(parse_user_data(data).get("clientid") == client for data in self._writer.matched_data()):
                break
            time.sleep(_STEP_S)
        if len(self._known_clients) >= _MAX_KNOWN_CLIENTS:
            self._known_clients.clear()
        self._known_clients.add(publication)

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()
