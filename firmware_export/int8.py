"""A policy's C with int8 layers: calibrated from golden steps, judged against float, flown before it is offered."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from firmware_export.c_files import write_c
from firmware_export.c_folder import INT8
from firmware_export.closed_loop import EPISODES, ClosedLoop, closed_loop_task, fly_both
from firmware_export.host import HostPolicy, build_library
from firmware_export.onnx_to_c import GeneratedPolicy, generate
from firmware_export.onnx_to_c.quantize import Samples
from firmware_export.onnx_to_c.quantized import MOST_BITS
from firmware_export.onnx_to_c.selftest import emit_selftest
from firmware_export.policy_source import PolicySource
from policies.bundle import Golden, load_bundle
from policies.replay import largest_error, replay
from sim.errors import ConfigError, VerificationError

MAX_SUCCESS_LOSS = 0.005
"""Share of episodes that int8 may lose against float: half a percent point."""
SELF_TEST_TOLERANCE = 2e-3
"""Of each value's range. The same C gives the same bits on every processor as long as the C library's exponential
does; where it does not, the last bit of an activation may turn the rounding of one input of a layer."""


class Int8LossError(VerificationError):
    """Int8 costs too much in flight, or that cannot be measured; ``result`` is what was measured."""

    def __init__(self, message: str, result: dict[str, Any]) -> None:
        super().__init__(message)
        self.result = result


@dataclass(frozen=True)
class FloatParity:
    """How far int8 is from float over the golden sequences, each running free.

    Attributes:
        action: largest error of an action relative to its range.
        action_rms: root mean square of the same.
        state: largest error of a state relative to its scale.
    """

    action: float
    action_rms: float
    state: float


@dataclass(frozen=True)
class Int8Policy:
    """Int8 C of a policy, with what it costs in accuracy.

    Attributes:
        source: the policy whose golden sequences are what this C computes on this computer: every other processor
            must compute the same.
        generated: the C files.
        parity: against the float policy.
    """

    source: PolicySource
    generated: GeneratedPolicy
    parity: FloatParity

    def to_json(self, flown: ClosedLoop | None) -> dict[str, Any]:
        """Return errors and flights by name."""
        errors = {f"{name}_error": value for name, value in dataclasses.asdict(self.parity).items()}
        return {**errors, "closed_loop": None if flown is None else flown.to_json()}


def int8_c(source: PolicySource, most_bits: int = MOST_BITS, contract: bytes | None = None) -> Int8Policy:
    """Generate int8 C whose self-test holds what the same C computes on this computer.

    Args:
        source: the policy; its golden sequences calibrate.
        most_bits: of the layers' inputs.
        contract: makes its weights replaceable at run time (``onnx_to_c.generate``).

    Raises:
        CalibrationError: if integers cannot be chosen; names the layer.
        UnsupportedModelError: if the graph cannot be translated.
        ToolchainError: if there is no host compiler.
    """
    samples = golden_samples(source.golden)

    generated = generate(
        source.content, source.id, source.excerpt(), contract=contract, samples=samples, most_bits=most_bits
    )
    with tempfile.TemporaryDirectory(prefix="sim2metal-") as scratch:
        write_c(generated, Path(scratch))
        policy = HostPolicy(build_library(scratch, Path(scratch) / "policy.so"))
        action, state = replay(policy, source.golden)
    golden = dataclasses.replace(source.golden, action=action, state=state)
    ours = dataclasses.replace(source, golden=golden)
    excerpt = dataclasses.replace(ours.excerpt(), tolerance=SELF_TEST_TOLERANCE)
    if contract is None:
        generated.files["policy_selftest.c"] = emit_selftest(excerpt, generated.sizes)
    else:  # the golden steps are part of what replaces weights
        generated = generate(
            source.content, source.id, excerpt, contract=contract, samples=samples, most_bits=most_bits
        )
    return Int8Policy(ours, generated, _parity(source, golden))


def golden_samples(golden: Golden) -> Samples:
    """Return every golden step with the state before it."""
    before = np.concatenate([np.zeros_like(golden.state[:, :1]), golden.state[:, :-1]], axis=1)
    count = golden.reset.size
    return Samples(
        golden.observation.reshape(count, -1), before.reshape(count, golden.state.shape[2]), golden.reset.reshape(count)
    )


def measure_loss(
    policy: Path, c_folder: Path, max_success_loss: float | None, episodes: int = EPISODES
) -> ClosedLoop | None:
    """Fly int8 C against float and refuse it if it loses too many episodes.

    Args:
        policy: folder of the bundle, or a bare file, which says nothing about a task.
        c_folder: folder with its int8 C.
        max_success_loss: share of episodes it may lose; ``None`` accepts any loss, also one that cannot be measured.
        episodes: drawn.

    Raises:
        ConfigError: if ``max_success_loss`` is no share.
        Int8LossError: if it loses more, or has no closed loop here and ``max_success_loss`` is given.
    """
    if max_success_loss is not None and not 0.0 <= max_success_loss <= 1.0:  # NaN too
        raise ConfigError(f"--max-success-loss is a share from 0 to 1, or None, not {max_success_loss:g}")
    bundle = load_bundle(policy) if policy.is_dir() else None
    task = None if bundle is None else closed_loop_task(bundle)
    if bundle is None or task is None:
        if max_success_loss is None:
            return None
        what = (
            "a bare ONNX file has no task" if bundle is None else f"task '{bundle.info.task}' has no closed loop here"
        )
        raise Int8LossError(
            f"int8: {what}, so what it costs cannot be measured; --max-success-loss None exports it all the same", {}
        )
    with tempfile.TemporaryDirectory(prefix="sim2metal-") as scratch:
        ours = HostPolicy(build_library(c_folder, Path(scratch) / "policy.so"))
        flown = fly_both(bundle, task, ours, episodes)
    if max_success_loss is not None and flown.success_loss > max_success_loss:
        raise Int8LossError(
            f"int8 loses {100 * flown.success_loss:.2f} % of {flown.episodes} episodes (float succeeds in"
            f" {100 * flown.reference.success:.2f} %), at most {100 * max_success_loss:g} % are allowed"
            " (--max-success-loss): export it in float",
            {INT8: {"closed_loop": flown.to_json()}},
        )
    return flown


def int8_table(policy: Int8Policy, flown: ClosedLoop | None) -> Table:
    """Return a table that compares float and int8: errors over the golden steps, and flights."""
    sequences, steps = policy.source.golden.reset.shape
    caption = f"errors of actions relative to their range over {sequences} x {steps} golden steps"
    if flown is not None:
        caption += f"; {flown.episodes} episodes of {flown.task} in MuJoCo, the same for both"
    table = Table(title="int8 against float", title_justify="left", caption=caption, caption_justify="left")
    table.add_column("arithmetic")
    for heading in ("largest error", "rms error", "success", "rms distance"):
        table.add_column(heading, justify="right")
    errors = (("0", "0"), (f"{policy.parity.action:.1e}", f"{policy.parity.action_rms:.1e}"))
    for name, figures, flights in zip(("float", "int8"), errors, _flights(flown)):
        table.add_row(name, *figures, *flights)
    return table


def _flights(flown: ClosedLoop | None) -> list[tuple[str, str]]:
    if flown is None:
        return [("not measured", "-")] * 2
    both = (flown.reference, flown.candidate)
    return [(f"{100 * one.success:.2f} %", f"{100 * one.rms_error_m:.2f} cm") for one in both]


def _parity(source: PolicySource, ours: Golden) -> FloatParity:
    relative = (ours.action.astype(np.float64) - source.golden.action) / source.action_range
    return FloatParity(
        action=largest_error(ours.action, source.golden.action, source.action_range),
        action_rms=float(np.sqrt(np.mean(np.square(relative)))),
        state=largest_error(ours.state, source.golden.state, source.state_scale),
    )
