"""What the code around a policy takes for granted of its bundle, besides the graph."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from policies.bundle import Bundle, load_bundle
from sim.errors import ConfigError


def replaceable_contract(policy: Path) -> bytes:
    """Return the contract of the bundle in a folder.

    Raises:
        ConfigError: for a bare ONNX file, which says nothing of the code around it.
        BundleError: if the bundle is not valid.
    """
    if policy.is_file():
        raise ConfigError(f"{policy}: replaceable weights need a bundle, which says what the numbers mean; train one")
    return contract_of(load_bundle(policy))


def contract_of(bundle: Bundle) -> bytes:
    """Return it as canonical text.

    The firmware is built with the period, the limits, the airframe's thrust and the order of sensors and motors of
    one bundle: the weights of another may be flown in it only where these are the same.
    """
    info = bundle.info
    document = {
        "robot": [info.robot.name, info.robot.motor_names, info.robot.joint_names],
        "observation": [[term.name, term.size, term.unit, term.frame] for term in info.observation],
        "action": dataclasses.asdict(info.action),
        "control_period_s": info.timing.control_period_s,
        "limits": dataclasses.asdict(info.limits),
        "thrust_curve": info.robot.constants.get("thrust_curve"),
    }
    return json.dumps(document, sort_keys=True).encode()
