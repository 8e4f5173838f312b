"""What the Crazyflie app must know of a bundle besides its network, and which bundles it can fly."""

from __future__ import annotations

import math
from typing import TypeGuard

from firmware_export.onnx_to_c.tables import literal
from policies.bundle import Bundle
from sim.errors import BundleError
from sim.spec import FlightLimits

ROBOT = "crazyflie"
OBSERVATION = (
    ("position_error_w", 3),
    ("rotation", 9),
    ("velocity_w", 3),
    ("angular_velocity_b", 3),
    ("applied_action", 4),
)
"""What ``s2m_controller.c`` assembles."""
MOTORS = ("m1", "m2", "m3", "m4")


def app_values(bundle: Bundle) -> dict[str, str]:
    """Return what the app's ``s2m_bundle.h`` wants to know, by the names in its template.

    Raises:
        BundleError: if the app cannot fly the bundle; says why and what can.
    """
    info = bundle.info
    _require_flyable(bundle)
    limits = info.limits
    assert isinstance(limits, FlightLimits)  # _require_flyable
    return {
        "CONTROL_PERIOD_MS": str(round(1000.0 * info.timing.control_period_s)),
        "HOVER_COMMAND": literal(info.action.nominal[0]),
        "SLEW_PER_S": literal(min(info.action.slew_limit)),
        "TILT_LIMIT_COS": literal(math.cos(limits.tilt_rad)),
        "THRUST_CURVE": ", ".join(literal(value) for value in _thrust_curve(bundle)),
    }


def _require_flyable(bundle: Bundle) -> None:
    info, where = bundle.info, bundle.path
    if info.robot.name != ROBOT:
        raise BundleError(f"{where}: this bundle is for robot '{info.robot.name}', not for '{ROBOT}'")
    if info.action.level != "motor":
        raise BundleError(
            f"{where}: this policy commands '{info.action.level}', the app drives motors; "
            "fly it from the ground with 'sim2metal run' and the stock firmware (docs/offboard.md)"
        )
    terms = tuple((term.name, term.size) for term in info.observation)
    if terms != OBSERVATION:
        raise BundleError(
            f"{where}: the app observes {_names(OBSERVATION)}; this policy wants {_names(terms)}; train task 'hover'"
        )
    if tuple(info.action.names) != MOTORS:
        raise BundleError(f"{where}: actions must be {', '.join(MOTORS)}, are {', '.join(info.action.names)}")
    if not isinstance(info.limits, FlightLimits):
        raise BundleError(f"{where}: a flying robot's bundle has limits of flight; train it again")
    period_ms = 1000.0 * info.timing.control_period_s
    if abs(period_ms - round(period_ms)) > 1e-6 or not 1 <= round(period_ms) <= 1000:
        raise BundleError(
            f"{where}: the firmware's loop has steps of 1 ms; a control period of {period_ms:g} ms is not possible"
        )


def _names(terms: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{name} ({size})" for name, size in terms)


def _thrust_curve(bundle: Bundle) -> list[float]:
    constant = bundle.info.robot.constants.get("thrust_curve")
    curve = [float(number) for number in constant if isinstance(number, int | float)] if _is_list(constant) else []
    if len(curve) != 3 or not all(map(math.isfinite, curve)) or sum(curve) <= 0.0:
        raise BundleError(
            f"{bundle.path}: robot constant 'thrust_curve' must be three numbers of newtons, is {constant!r}"
        )
    return curve


def _is_list(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)
