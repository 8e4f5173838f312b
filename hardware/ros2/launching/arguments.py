"""Arguments of a launch file: found before anything is done, checked, shown."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from hardware.ros2.launching.actions import DeclareLaunchArgument, IncludeLaunchDescription
from hardware.ros2.launching.context import Entity, LaunchContext, LaunchDescription, LaunchError, perform
from hardware.ros2.launching.packages import packages

MARK = ":="


def parse_arguments(texts: Sequence[str]) -> dict[str, str]:
    """Return name -> value of ``name:=value`` texts.

    Raises:
        LaunchError: for a text of another form, or a name given twice.
    """
    values: dict[str, str] = {}
    for text in texts:
        name, mark, value = text.partition(MARK)
        if not mark or not name:
            raise LaunchError(f"launch argument '{text}': expected name{MARK}value")
        if name in values:
            raise LaunchError(f"launch argument '{name}' is given twice")
        values[name] = value
    return values


def declared_arguments(description: LaunchDescription, context: LaunchContext) -> dict[str, DeclareLaunchArgument]:
    """Return every declared argument by name, those of included files too; the first declaration counts."""
    found: dict[str, DeclareLaunchArgument] = {}
    _collect(description, context, found, frozenset())
    return found


def check_arguments(declared: dict[str, DeclareLaunchArgument], given: dict[str, str], where: Path) -> None:
    """Refuse an unknown argument, a value that is no choice, a required argument left out.

    Raises:
        LaunchError: with the valid names or values.
    """
    for name, value in given.items():
        if name not in declared:
            close = difflib.get_close_matches(name, declared, n=1)
            hint = f" (did you mean '{close[0]}'?)" if close else ""
            raise LaunchError(f"{where.name} has no argument '{name}'{hint}; it has: {', '.join(declared) or 'none'}")
        declared[name].check(value)
    for name, argument in declared.items():
        if name not in given and argument.default_value is None:
            raise LaunchError(f"{where.name} needs {name}{MARK}VALUE: {argument.description}")


def show_arguments(declared: dict[str, DeclareLaunchArgument], context: LaunchContext) -> list[str]:
    """Return one or two lines for every argument."""
    lines = []
    for name, argument in declared.items():
        default = argument.default_value
        shown = "required" if default is None else f"default '{_default(default, context)}'"
        choices = f"; one of {', '.join(argument.choices)}" if argument.choices else ""
        lines += [f"  {name}{MARK}... ({shown}{choices})", f"      {argument.description}"]
    return lines


def find_launch_file(words: Sequence[str]) -> tuple[Path, list[str]]:
    """Return the launch file that the first words name, and the words left.

    ``fly`` and ``fly.launch.py`` are looked for in every package of the workspace, ``PACKAGE FILE`` in one,
    and a path is taken as it is.

    Raises:
        LaunchError: if there is no such file; the message lists those there are.
    """
    if not words or MARK in words[0]:
        raise LaunchError(f"say what to launch; there are: {', '.join(_all_launch_files())}")
    first, rest = words[0], list(words[1:])
    if first.endswith(".py") and Path(first).is_file():
        return Path(first), rest
    files = _all_launch_files()
    if first in packages() and rest and MARK not in rest[0]:
        wanted, rest = rest[0], rest[1:]
        files = {name: path for name, path in files.items() if path.parents[1].name == first}
    else:
        wanted = first
    name = wanted.removesuffix(".launch.py")
    if name not in files:
        raise LaunchError(f"no launch file '{wanted}'; there are: {', '.join(files)}")
    return files[name], rest


def _all_launch_files() -> dict[str, Path]:
    return {
        path.name.removesuffix(".launch.py"): path
        for package in packages().values()
        for path in sorted((package.folder / "launch").glob("*.launch.py"))
    }


def _collect(
    entity: Entity, context: LaunchContext, found: dict[str, DeclareLaunchArgument], hidden: frozenset[str]
) -> None:
    if isinstance(entity, DeclareLaunchArgument) and entity.name not in hidden:
        found.setdefault(entity.name, entity)
    if isinstance(entity, IncludeLaunchDescription):
        # What the including file sets is not the user's to give.
        hidden |= {perform(context, name) for name, _ in entity.launch_arguments}
        _collect(entity.source.get_launch_description(context), context, found, hidden)
    for part in entity.sub_entities(context):
        _collect(part, context, found, hidden)


def _default(default: object, context: LaunchContext) -> str:
    try:
        return perform(context, default)  # type: ignore[arg-type]
    except LaunchError:
        return "depends on other arguments"
