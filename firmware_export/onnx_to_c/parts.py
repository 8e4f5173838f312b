"""A long ``policy_step`` as several functions, so that the stack of one does not add to another's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_ARGUMENTS = {
    "observation": "const float *observation",
    "first_step": "const float *first_step",
    "memory": "float *memory",
    "workspace": "policy_workspace_t *workspace",
    "action": "float *action",
}
_CALL = "observation, &reset, state->value, workspace, action"
_NOT_IN_LINE = """/* Parts of a step: functions of their own, so that the stack of one does not add to another's. */
#if defined(__GNUC__)
#define PART_OF_STEP __attribute__((noinline)) static void
#else
#define PART_OF_STEP static void
#endif"""


def functions_of(head: str, parts: Sequence[str], pointers: Mapping[str, str]) -> list[str]:
    """Return the functions that compute the parts, and the step that calls them in turn.

    Args:
        head: of the step's definition.
        parts: statements, indented.
        pointers: declarations of the arrays in the workspace by name.
    """
    functions = [_function(number, part, pointers) for number, part in enumerate(parts, 1)]
    calls = "".join(f"  step_part_{number}({_CALL});\n" for number in range(1, len(parts) + 1))
    return [_NOT_IN_LINE, *functions, f"{head} {{\n{calls}}}"]


def _function(number: int, part: str, pointers: Mapping[str, str]) -> str:
    words = set(re.findall(r"\w+", re.sub(r"/\*.*?\*/", "", part)))
    lines = [line for name, line in pointers.items() if name in words]
    used = words | ({"workspace"} if lines else set())
    lines += [f"(void){name};" for name in _ARGUMENTS if name not in used]
    margin = " " * len(f"PART_OF_STEP step_part_{number}(")
    arguments = list(_ARGUMENTS.values())
    head = f"{', '.join(arguments[:3])},\n{margin}{', '.join(arguments[3:])}"
    declarations = "".join(f"  {line}\n" for line in lines)
    return f"PART_OF_STEP step_part_{number}({head}) {{\n{declarations}\n{part}\n}}"
