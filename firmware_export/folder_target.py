"""Targets that are a folder of files for another build system: templates filled in, generated C beside them.

A template names what it wants as ``@NAME@``: every constant of the generated ``policy.h`` by its name
(``@POLICY_OBSERVATION_SIZE@``, ``@POLICY_BUNDLE_ID@``), ``@VERSION@`` of this program, and what the caller adds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from firmware_export.targets import Target
from sim.errors import ConfigError, StorageError

_PLACEHOLDER = re.compile(r"@([A-Z][A-Z0-9_]*)@")
_CONSTANT = re.compile(r"^#define (POLICY_\w+) \"?([\w.]+)\"?$", re.MULTILINE)


def write_folder(target: Target, c_folder: Path, out: Path, values: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Write a target's folder below ``out`` and return its files, relative to ``out``.

    Args:
        target: of kind ``folder``.
        c_folder: folder with the generated files.
        out: scratch folder that exists.
        values: more names for the templates.

    Raises:
        ConfigError: if a template names what nobody gave.
        StorageError: if a file cannot be written.
    """
    names = {**header_constants(c_folder), "VERSION": metadata.version("sim2metal"), **(values or {})}
    contents = {
        **{file: _filled(target.folder / source, names) for file, source in target.files.items()},
        **{file: (c_folder / source).read_text() for file, source in target.generated_files.items()},
    }
    try:
        for file, text in contents.items():
            path = out / target.artifact / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    except OSError as error:
        raise StorageError(f"cannot write {out}: {error.strerror or error}; free some space") from error
    return tuple(f"{target.artifact}/{file}" for file in sorted(contents))


def header_constants(c_folder: Path) -> dict[str, str]:
    """Return the constants of the generated ``policy.h`` by name, as text without quotes."""
    return dict(_CONSTANT.findall((c_folder / "policy.h").read_text()))


def _filled(template: Path, names: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in names:
            raise ConfigError(f"{template}: nothing is known as {match[0]}; choose among: {', '.join(sorted(names))}")
        return names[match[1]]

    return _PLACEHOLDER.sub(value, template.read_text())
