"""Names of nodes, namespaces, topics and services: what is valid, and what a short name means.

Source: https://design.ros2.org/articles/topic_and_service_names.html.
"""

from __future__ import annotations

import re

from hardware.ros2.rclpy.exceptions import (
    InvalidNamespaceException,
    InvalidNodeNameException,
    InvalidServiceNameException,
    InvalidTopicNameException,
    NameValidationException,
)

MAX_NAME = 255
"""Longest node name (rmw/validate_node_name.h)."""
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SUBSTITUTION = re.compile(r"\{([^{}]*)\}")


def validate_node_name(name: str) -> bool:
    """Return True for a valid node name.

    Raises:
        InvalidNodeNameException: else.
    """
    if not name:
        raise InvalidNodeNameException(name, "node name must not be empty", 0)
    if len(name) > MAX_NAME:
        raise InvalidNodeNameException(name[:20] + "...", f"node name must not be longer than {MAX_NAME}", MAX_NAME)
    index = _bad_index(name)
    if index is not None:
        raise InvalidNodeNameException(name, _reason(name, index, "node name"), index)
    return True


def validate_namespace(namespace: str) -> bool:
    """Return True for a valid absolute namespace.

    Raises:
        InvalidNamespaceException: else.
    """
    _validate_absolute(namespace, "namespace", InvalidNamespaceException)
    return True


def validate_full_topic_name(name: str, *, is_service: bool = False) -> bool:
    """Return True for a valid absolute topic or service name.

    Raises:
        InvalidTopicNameException, InvalidServiceNameException: else.
    """
    error = InvalidServiceNameException if is_service else InvalidTopicNameException
    if name == "/":
        raise error(name, "must not be the root", 0)
    _validate_absolute(name, "service name" if is_service else "topic name", error)
    return True


def expand_topic_name(name: str, node_name: str, node_namespace: str, *, is_service: bool = False) -> str:
    """Return the absolute name that ``name`` means in a node: relative, private (``~``) or absolute.

    Raises:
        InvalidTopicNameException, InvalidServiceNameException: for a name that breaks the rules.
    """
    error = InvalidServiceNameException if is_service else InvalidTopicNameException
    if not name:
        raise error(name, "must not be empty", 0)
    base = "" if node_namespace == "/" else node_namespace
    values = {"node": node_name, "ns": node_namespace, "namespace": node_namespace}

    def substitute(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise error(name, f"knows no substitution '{match[1]}'", match.start())
        return values[match[1]]

    full = _SUBSTITUTION.sub(substitute, name)
    if full.startswith("~"):
        if len(full) > 1 and full[1] != "/":
            raise error(name, "'~' must stand alone or before '/'", 1)
        full = f"{base}/{node_name}{full[1:]}"
    elif not full.startswith("/"):
        full = f"{base}/{full}"
    while "//" in full and _SUBSTITUTION.search(name):  # "{ns}/x" in the root namespace
        full = full.replace("//", "/")
    validate_full_topic_name(full, is_service=is_service)
    return full


def full_node_name(name: str, namespace: str) -> str:
    """``/ns/name``."""
    return f"/{name}" if namespace == "/" else f"{namespace}/{name}"


def _validate_absolute(name: str, kind: str, error: type[NameValidationException]) -> None:
    make = error  # the subclasses take (name, message, index)
    if not name.startswith("/"):
        raise make(name, f"{kind} must be absolute, it must start with '/'", 0)  # type: ignore[call-arg]
    if name == "/":
        return
    if name.endswith("/"):
        raise make(name, f"{kind} must not end with '/'", len(name) - 1)  # type: ignore[call-arg]
    if len(name) > MAX_NAME - 8:
        raise make(name[:20] + "...", f"{kind} is too long", MAX_NAME - 8)  # type: ignore[call-arg]
    position = 1
    for token in name[1:].split("/"):
        index = 0 if not token else _bad_index(token)
        if index is not None:
            raise make(name, _reason(token, index, kind), position + index)  # type: ignore[call-arg]
        position += len(token) + 1


def _bad_index(token: str) -> int | None:
    match = _TOKEN.match(token)
    if match is None:
        return 0
    return None if match.end() == len(token) else match.end()


def _reason(token: str, index: int, kind: str) -> str:
    if token[index : index + 1].isdigit():
        return f"{kind} token must not start with a number"
    return f"{kind} must not contain characters other than alphanumerics or '_'"
