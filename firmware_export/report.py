"""What a built policy costs on its target, measured and not estimated."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from firmware_export.build import Build
from firmware_export.hil.policy import StepTooLongError, Stm32Policy
from firmware_export.host import HostPolicy, run_self_test
from firmware_export.onnx_to_c import GeneratedPolicy
from firmware_export.policy_source import PolicySource
from policies.bundle import Golden
from policies.replay import largest_error, replay
from sim.errors import VerificationError

MEASURED_STEPS = 32
"""Golden steps whose instructions are counted; the report says the largest."""
REPLAY_BOUND = 1e-5
"""Largest error over all golden steps, free-running, relative to each value's range (the project's parity bound)."""


@dataclass(frozen=True)
class Cost:
    """A target's figures; ``None`` where the target has no such figure."""

    target: str
    flash_bytes: int
    """Code, constants and initial values of the whole image."""
    ram_bytes: int
    """Static memory, state and workspace among it, and the most stack used while it ran."""
    stack_bytes: int
    """Stack of one ``policy_step`` with all it calls, from the compiler's report."""
    instructions_per_step: int | None
    """Largest over the measured steps; ``None`` also for more than the board's counter can measure, 1.5 million."""
    self_test_error: float | None
    """Largest error of the golden self-test relative to each value's range."""
    replay_error: float | None = None
    """The same over all golden steps, free-running."""

    def to_json(self) -> dict[str, Any]:
        """Return the figures by name, less the target's."""
        return {key: value for key, value in asdict(self).items() if key != "target"}


def measure(build: Build, c_folder: Path | str, source: PolicySource) -> Cost:
    """Run a built policy wherever its target can run here.

    Args:
        build: what to measure.
        c_folder: folder with the generated files.
        source: whose golden steps to replay.

    Raises:
        VerificationError: if it computes something else than the golden steps.
        ToolchainError: if the emulator is missing or the self-test fails.
    """
    if build.target.emulator is not None:
        return measure_stm32(build, *golden_steps(source.golden))
    if build.target.name == "host":
        return measure_host(build, c_folder, source)
    ram = build.static_ram_bytes + build.step_stack_bytes
    return Cost(build.target.name, build.flash_bytes, ram, build.step_stack_bytes, None, None)


def measure_host(build: Build, c_folder: Path | str, source: PolicySource) -> Cost:
    """Run the self-test and all golden steps on this computer.

    Raises:
        ToolchainError: if the self-test fails.
        VerificationError: if a golden step does.
    """
    error = run_self_test(c_folder)
    ram = build.static_ram_bytes + build.step_stack_bytes
    replayed = _replay_error(HostPolicy(build.artifact), source)
    return Cost(build.target.name, build.flash_bytes, ram, build.step_stack_bytes, None, error, replayed)


def _replay_error(policy: HostPolicy, source: PolicySource) -> float:
    golden = source.golden
    action, state = replay(policy, golden)
    error = max(
        largest_error(action, golden.action, source.action_range),
        largest_error(state, golden.state, source.state_scale),
    )
    if error > REPLAY_BOUND:
        raise VerificationError(
            f"the C of {source.name} is off by {error:.1e} of the range over {golden.reset.size} golden steps, bound "
            f"{REPLAY_BOUND:.0e}: do not use it; are the golden observations such as the policy was made for?"
        )
    return error


def measure_stm32(build: Build, observation: np.ndarray, state: np.ndarray, reset: np.ndarray) -> Cost:
    """Run the self-test and some steps on the emulated STM32F405 and count instructions.

    Args:
        build: of target ``stm32f405``.
        observation: (N, observation_size).
        state: (N, state_size) before each step.
        reset: (N,).

    Raises:
        VerificationError: if the self-test fails on the target.
        ToolchainError: if QEMU is missing.
    """
    with Stm32Policy(build.artifact, count_instructions=True) as policy:
        wrong, error = policy.board.self_test()
        if wrong:
            raise VerificationError(
                f"{build.target.name}: {wrong} values of the golden self-test are wrong, by up to {error:.1e} of their "
                "range; do not fly this build, export the bundle again"
            )
        try:
            instructions = max(policy.instructions(observation, state, reset))
        except StepTooLongError:
            instructions = None
        stack = policy.board.read_info().stack_used
    ram = build.static_ram_bytes + stack
    return Cost(build.target.name, build.flash_bytes, ram, build.step_stack_bytes, instructions, error)


def golden_steps(golden: Golden) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ``MEASURED_STEPS`` golden steps spread over all sequences: observation, state before, reset."""
    state_before = np.concatenate([np.zeros_like(golden.state[:, :1]), golden.state[:, :-1]], axis=1)
    arrays = (golden.observation, state_before, golden.reset)
    flat = [array.reshape(math.prod(array.shape[:2]), *array.shape[2:]) for array in arrays]  # a state may have no size
    chosen = np.linspace(0, len(flat[0]) - 1, MEASURED_STEPS).round().astype(int)
    return flat[0][chosen], flat[1][chosen], flat[2][chosen]


def cost_table(title: str, costs: list[Cost]) -> Table:
    """Return a table with one row per target."""
    table = Table(title=title, title_justify="left")
    table.add_column("target")
    for heading in ("flash, B", "RAM, B", "stack per step, B", "instructions per step", "error / range"):
        table.add_column(heading, justify="right")
    for cost in costs:
        instructions = "-" if cost.instructions_per_step is None else f"{cost.instructions_per_step:,}"
        sizes = (f"{cost.flash_bytes:,}", f"{cost.ram_bytes:,}", f"{cost.stack_bytes:,}")
        errors = [error for error in (cost.self_test_error, cost.replay_error) if error is not None]
        table.add_row(cost.target, *sizes, instructions, f"{max(errors):.1e}" if errors else "-")
    return table


def memory_line(generated: GeneratedPolicy) -> str:
    """Return one line: bytes of weights and state, the peak workspace and who holds it."""
    sizes = generated.sizes
    widest = f" ({generated.widest.describe()})" if generated.widest is not None else ""
    return (
        f"weights {generated.constant_bytes:,} B in flash, state {4 * sizes.state:,} B, "
        f"peak workspace {4 * sizes.workspace:,} B{widest}"
    )
