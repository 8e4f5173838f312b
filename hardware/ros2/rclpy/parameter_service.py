"""The services by which others read and set a node's parameters (rclpy.parameter_service)."""

from __future__ import annotations

from typing import Any

from hardware.ros2.messages import service_class
from hardware.ros2.rclpy.exceptions import ParameterNotDeclaredException, ParameterUninitializedException
from hardware.ros2.rclpy.parameter import Parameter
from hardware.ros2.rclpy.parameter_checks import result
from hardware.ros2.rclpy.qos import qos_profile_parameters

_SERVICES = {
    "describe_parameters": "DescribeParameters",
    "get_parameters": "GetParameters",
    "get_parameter_types": "GetParameterTypes",
    "list_parameters": "ListParameters",
    "set_parameters": "SetParameters",
    "set_parameters_atomically": "SetParametersAtomically",
}


class ParameterService:
    """Answers the six parameter services of a node."""

    def __init__(self, node: Any) -> None:
        self._node = node
        for name, kind in _SERVICES.items():
            node.create_service(
                service_class(f"rcl_interfaces/srv/{kind}"),
                f"~/{name}",
                getattr(self, f"_{name}"),
                qos_profile=qos_profile_parameters,
            )

    def _describe_parameters(self, request: Any, response: Any) -> Any:
        try:
            response.descriptors = self._node.describe_parameters(list(request.names))
        except ParameterNotDeclaredException:
            response.descriptors = []
        return response

    def _get_parameters(self, request: Any, response: Any) -> Any:
        try:
            response.values = [
                parameter.get_parameter_value() for parameter in self._node.get_parameters(request.names)
            ]
        except (ParameterNotDeclaredException, ParameterUninitializedException):
            response.values = []
        return response

    def _get_parameter_types(self, request: Any, response: Any) -> Any:
        try:
            response.types = [kind.value for kind in self._node.get_parameter_types(request.names)]
        except ParameterNotDeclaredException:
            response.types = []
        return response

    def _list_parameters(self, request: Any, response: Any) -> Any:
        response.result = self._node.list_parameters(list(request.prefixes), request.depth)
        return response

    def _set_parameters(self, request: Any, response: Any) -> Any:
        for message in request.parameters:
            response.results.append(self._set([message]))
        return response

    def _set_parameters_atomically(self, request: Any, response: Any) -> Any:
        response.result = self._set(request.parameters)
        return response

    def _set(self, messages: list[Any]) -> Any:
        try:
            parameters = [Parameter.from_parameter_msg(message) for message in messages]
        except (ValueError, TypeError, RuntimeError) as error:
            return result(f"malformed parameter: {error}")
        try:
            return self._node.set_parameters_atomically(parameters)
        except ParameterNotDeclaredException as error:
            return result(str(error))
