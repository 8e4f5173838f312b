"""Checks before a Crazyflie flies; none of them moves anything.

The important one: nobody flies the stock controller believing it is the policy, or the other way
round. For a policy on board the bundle's id must be there and the out-of-tree controller selected;
for a policy on the host it must be the firmware's own cascade.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from hardware.checks import Check, check_battery, check_state
from hardware.clock import NS
from hardware.crazyflie import names
from hardware.link import policy_on_board
from policies.bundle import Bundle
from sim.errors import FlightAbortedError, FlightRefusedError

if TYPE_CHECKING:
    from hardware.crazyflie.link import CrazyflieLink

ROBOT = "crazyflie"
"""What flies behind these links, by the name that bundles call it."""
CONVERGED_SPREAD_M2 = 0.001
"""Largest spread of each position variance over the window (cflib's ``reset_estimator``)."""
CONVERGED_VARIANCE_M2 = 0.01
"""Largest position variance itself: 10 cm standard deviation."""
CONVERGED_WINDOW_S = 1.0
CONVERGE_TIMEOUT_S = 15.0
RESET_PULSE_S = 0.1
_POLL_S = 0.01


def run_checks(link: CrazyflieLink, bundle: Bundle, external_position: bool = False) -> list[Check]:
    """Return the outcome of every check; the link is open.

    Args:
        link: to the robot.
        bundle: the policy that should be on board.
        external_position: positions come from outside (motion capture), so no deck is needed.
    """
    on_board = policy_on_board(link.level, bundle.info.action.level)
    state = link.read()
    return [
        _check_robot(bundle),
        *([_check_policy(link, bundle)] if on_board else []),
        _check_controller(link, on_board),
        check_battery(state, bundle.info.limits),
        _check_decks(link, external_position),
        *filter(None, [link.external.check()]),
        check_state(state),
    ]


def bundle_words(bundle_id: str) -> tuple[int, ...]:
    """Return the eight big-endian uint32 words of a hexadecimal 32-byte id."""
    data = bytes.fromhex(bundle_id)
    return tuple(int.from_bytes(data[i : i + 4], "big") for i in range(0, 32, 4))


def select_estimator(link: CrazyflieLink) -> None:
    """Choose the Kalman filter if the estimator is one that takes no positions.

    Raises:
        LinkError: if the robot does not confirm.
    """
    if link.parameter(names.ESTIMATOR_PARAM) == names.ESTIMATOR_COMPLEMENTARY:
        link.set_parameter(names.ESTIMATOR_PARAM, names.ESTIMATOR_KALMAN)


def reset_estimator(link: CrazyflieLink, stopped: Callable[[], bool] = lambda: False) -> float:
    """Reset the Kalman filter and wait until its position variances settle.

    Returns:
        Seconds until it had converged.

    Raises:
        FlightRefusedError: if it does not within ``CONVERGE_TIMEOUT_S``.
        FlightAbortedError: if the operator stopped the wait.
        LinkError: if the robot does not confirm the reset.
    """
    clock = link.clock

    def pause(seconds: float) -> None:
        clock.sleep_until(clock.now_ns() + round(seconds * NS))

    link.set_parameter(names.ESTIMATOR_RESET_PARAM, 1)
    pause(RESET_PULSE_S)
    link.set_parameter(names.ESTIMATOR_RESET_PARAM, 0)
    start = clock.now_ns() / NS
    window: deque[tuple[float, tuple[float, float, float]]] = deque()
    seen = link.telemetry.variance_count
    while True:
        now = clock.now_ns() / NS
        if stopped():
            raise FlightAbortedError("stopped by the operator before take-off: nothing moved")
        if now - start > CONVERGE_TIMEOUT_S:
            raise FlightRefusedError(f"state estimate: {_spread_text(window)}; check the positioning system")
        if link.telemetry.variance_count != seen and link.telemetry.variances is not None:
            seen = link.telemetry.variance_count
            window.append((now, link.telemetry.variances))
            while now - window[0][0] > CONVERGED_WINDOW_S:
                window.popleft()
            if now - start > CONVERGED_WINDOW_S and converged([values for _, values in window]):
                return now - start
        pause(_POLL_S)


def converged(variances: list[tuple[float, float, float]]) -> bool:
    """Whether position variances over a window are small and have stopped changing."""
    if len(variances) < 3 or not all(0.0 <= value < math.inf for values in variances for value in values):
        return False
    axes = list(zip(*variances))
    spread = max(max(axis) - min(axis) for axis in axes)
    largest = max(map(max, axes))
    return spread < CONVERGED_SPREAD_M2 and largest < CONVERGED_VARIANCE_M2


def _spread_text(window: deque[tuple[float, tuple[float, float, float]]]) -> str:
    if not window:
        return "no variances received"
    deviation = math.sqrt(max(max(window[-1][1]), 0.0))
    return f"did not converge within {CONVERGE_TIMEOUT_S:g} s (position deviation {deviation:.2f} m)"


def _check_robot(bundle: Bundle) -> Check:
    name = bundle.info.robot.name
    if name != ROBOT:
        return Check("robot", False, f"this is a '{ROBOT}', the bundle is for '{name}'")
    return Check("robot", True, name)


def _check_policy(link: CrazyflieLink, bundle: Bundle) -> Check:
    words = [link.parameter(name) for name in names.BUNDLE_ID_PARAMS]
    if None in words or not any(words):
        return Check("policy on board", False, "the firmware carries no policy; export the bundle and flash it")
    found = "".join(f"{int(word or 0):08x}" for word in words)
    if found != bundle.id:
        detail = f"bundle {found[:12]} is on board, this one is {bundle.id[:12]}; flash this one or fly that one"
        return Check("policy on board", False, detail)
    return Check("policy on board", True, f"bundle {bundle.id[:12]}")


def _check_controller(link: CrazyflieLink, on_board: bool) -> Check:
    value = link.parameter(names.CONTROLLER_PARAM)
    number = int(value) if value is not None else -1
    name = names.CONTROLLER_NAMES.get(number, "unknown")
    if on_board and number != names.CONTROLLER_OUT_OF_TREE:
        detail = f"{names.CONTROLLER_PARAM} is {number} ({name}), the policy is 6; set it to 6"
        return Check("selected controller", False, detail)
    if not on_board and number != names.CONTROLLER_PID:
        detail = f"{names.CONTROLLER_PARAM} is {number} ({name}), this policy commands the PID, 1; set it to 1"
        return Check("selected controller", False, detail)
    return Check("selected controller", True, f"{number} ({name})")


def _check_decks(link: CrazyflieLink, external_position: bool) -> Check:
    attached = sorted(name for name, value in link.parameters("deck").items() if value)
    listed = ", ".join(attached) or "none"
    if external_position:
        return Check("decks", True, f"{listed}; position from outside")
    if not set(attached) & set(names.POSITIONING_DECKS):
        detail = f"no positioning deck (attached: {listed}); mount one, or give --mocap URI or --external-position"
        return Check("decks", False, detail)
    return Check("decks", True, listed)
