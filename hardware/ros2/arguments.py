"""The ``--ros-args`` part of a command line: remapping, parameters, log levels.

Source: https://docs.ros.org/en/jazzy/How-To-Guides/Node-arguments.html and
https://design.ros2.org/articles/ros_command_line_arguments.html.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hardware.ros2.names import expand_topic_name
from hardware.ros2.parameter_values import Override, parse_value, read_parameter_file
from sim.errors import ConfigError

_FLAGS = frozenset(
    f"--{action}-{what}"
    for action in ("enable", "disable")
    for what in ("rosout-logs", "stdout-logs", "external-lib-logs")
)
_RULE = re.compile(
    r"(?:(?P<node>[A-Za-z_]\w*):(?!/))?(?P<kind>rostopic://|rosservice://)?(?P<source>[^:]+):=(?P<target>.*)"
)


@dataclass(frozen=True)
class Remap:
    """One rule ``source:=target``; ``node`` limits it to nodes of that name, ``kind`` to topics or services."""

    source: str
    target: str
    node: str = ""
    kind: str = ""


@dataclass
class Arguments:
    """What ``--ros-args`` said.

    Attributes:
        remaps: in order; the first that matches wins.
        overrides: parameter values, later ones win.
        log_levels: logger name ("" for all) -> level name.
        enclave: security enclave, only told to others.
        rosout, stdout: whether logs go to /rosout and to the terminal.
    """

    remaps: list[Remap] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    log_levels: dict[str, str] = field(default_factory=dict)
    enclave: str = "/"
    rosout: bool = True
    stdout: bool = True

    def apply_log_levels(self) -> None:
        """Set the loggers' levels."""
        from hardware.ros2.rclpy.logging import LoggingSeverity, set_logger_level, set_output

        set_output(self.stdout)
        for name, level in self.log_levels.items():
            set_logger_level(name, LoggingSeverity.from_text(level))

    def node_name(self, name: str) -> str:
        """The name of a node after ``__node:=``."""
        return self._special(("__node", "__name"), name) or name

    def namespace(self, name: str, namespace: str) -> str:
        """The namespace of a node after ``__ns:=``."""
        return self._special(("__ns",), name) or namespace

    def remap(self, full: str, node: str, namespace: str, *, is_service: bool = False) -> str | None:
        """The new name of the absolute topic or service ``full``, None if no rule matches."""
        for rule in self.remaps:
            if rule.source.startswith("__") or (rule.node and rule.node != node):
                continue
            if rule.kind and rule.kind != ("rosservice://" if is_service else "rostopic://"):
                continue
            if expand_topic_name(rule.source, node, namespace) == full:
                return expand_topic_name(rule.target, node, namespace, is_service=is_service)
        return None

    def parameters(self, full_name: str) -> dict[str, object]:
        """Parameter values for the node ``/ns/node``."""
        values: dict[str, object] = {}
        for override in self.overrides:
            if override.matches(full_name):
                values |= override.values
        return values

    def with_global(self, other: Arguments) -> Arguments:
        """These arguments (of one node) before the process' own."""
        return Arguments(
            self.remaps + other.remaps, other.overrides + self.overrides, rosout=other.rosout and self.rosout
        )

    def _special(self, sources: tuple[str, ...], node: str) -> str | None:
        rules = (rule for rule in self.remaps if rule.source in sources and rule.node in ("", node))
        return next((rule.target for rule in rules), None)


def parse_arguments(args: Sequence[str] | None = None) -> Arguments:
    """Read the ROS arguments of a command line (None: ``sys.argv``).

    Raises:
        ConfigError: for an argument that is no ROS argument or has a bad value.
    """
    parser = _Parser()
    inside = False
    rest = iter(sys.argv if args is None else args)
    for word in rest:
        if word == "--ros-args":
            inside = True
        elif inside and word == "--":
            inside = False
        elif inside:
            parser.word(word, rest)
    parser.arguments.overrides = parser.files + parser.values
    return parser.arguments


def without_ros_arguments(args: Sequence[str] | None = None) -> list[str]:
    """Return a command line (None: ``sys.argv``) without its ROS arguments."""
    kept: list[str] = []
    inside = False
    for word in sys.argv if args is None else args:
        if word == "--ros-args":
            inside = True
        elif inside and word == "--":
            inside = False
        elif not inside:
            kept.append(word)
    return kept


class _Parser:
    def __init__(self) -> None:
        self.arguments = Arguments()
        self.files: list[Override] = []
        self.values: list[Override] = []
        self._handlers = {
            **dict.fromkeys(("-r", "--remap"), self._remap),
            **dict.fromkeys(("-p", "--param"), self._parameter),
            **dict.fromkeys(("-e", "--enclave"), self._enclave),
            "--params-file": lambda text: self.files.extend(read_parameter_file(Path(text))),
            "--log-level": self._log_level,
            **dict.fromkeys(("--log-config-file", "--log-file-name"), lambda text: None),
        }

    def word(self, word: str, rest: object) -> None:
        """Read one argument and its value."""
        if word in _FLAGS:
            enabled = word.startswith("--enable")
            if word.endswith("rosout-logs"):
                self.arguments.rosout = enabled
            elif word.endswith("stdout-logs"):
                self.arguments.stdout = enabled
            return
        handler = self._handlers.get(word)
        if handler is None:
            raise ConfigError(f"unknown ROS argument '{word}'; expected one of: {', '.join(self._handlers)}")
        value = next(rest, None)  # type: ignore[call-overload]  (the iterator of the command line)
        if value is None:
            raise ConfigError(f"ROS argument '{word}' needs a value")
        handler(value)

    def _remap(self, text: str) -> None:
        match = _RULE.fullmatch(text)
        if match is None or not match["target"]:
            raise ConfigError(f"remapping '{text}': expected [NODE:]FROM:=TO")
        rule = Remap(match["source"], match["target"], match["node"] or "", match["kind"] or "")
        if not rule.source.startswith("__"):
            expand_topic_name(rule.source, "node", "/")
            expand_topic_name(rule.target, "node", "/")
        self.arguments.remaps.append(rule)

    def _parameter(self, text: str) -> None:
        match = _RULE.fullmatch(text)
        if match is None:
            raise ConfigError(f"parameter '{text}': expected [NODE:]NAME:=VALUE")
        pattern = f"/**/{match['node']}" if match["node"] else "/**"
        self.values.append(Override(pattern, {match["source"]: parse_value(match["target"], match["source"])}))

    def _enclave(self, text: str) -> None:
        if not text.startswith("/") or ";" in text:
            raise ConfigError(f"enclave '{text}': expected a name that starts with '/'")
        self.arguments.enclave = text

    def _log_level(self, text: str) -> None:
        from hardware.ros2.rclpy.logging import LoggingSeverity

        name, separator, level = text.rpartition(":=")
        LoggingSeverity.from_text(level)
        self.arguments.log_levels[name if separator else ""] = level
