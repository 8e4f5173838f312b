"""Synthetic flights and run folders, written with the project's own writers."""

import json
import time

import numpy as np
import pytest

from hardware.log import RunLog

PERIOD_S = 0.01
LINK_LOST = {"fault": "link_lost", "safe_action": "level_and_descend", "detected_ms": 101.0, "safe_action_ms": 102.0}


def make_flight(path, seconds=6.0, fault=None, robot="crazyflie", phase=None, silent=False):
    """Write a flight that climbs, steps sideways and lands, at 100 Hz; ``silent``: nothing is heard after the fault."""
    rng = np.random.default_rng(0)
    start_ns = time.monotonic_ns()
    with RunLog(path, {"robot": robot, "bundle": "ab" * 32, "uri": "udp://127.0.0.1:19850"}) as log:
        for step in range(round(seconds / PERIOD_S)):
            now = step * PERIOD_S
            mode = "ramp" if now < 1.5 else "running" if now < seconds - 1.5 else "landing"
            if fault is not None and now >= fault:
                mode = "descending"
                if now < fault + 0.5 * PERIOD_S:
                    log.event(start_ns + round(now * 1e9), "fault", "link_lost", **LINK_LOST)
            height = np.interp(now, [0.0, 1.5, seconds - 1.5, seconds], [0.0, 0.5, 0.5, 0.0])
            aim = np.array([0.5 if now > 0.4 * seconds else 0.0, 0.0, height])
            lag = aim * [1.0 - np.exp(-3.0 * max(now - 0.4 * seconds, 0.0)), 0.0, 1.0]
            tilt = 0.1 * np.sin(3.0 * now)
            age_ms = 4.0 + 2.0 * rng.random()
            if silent and fault is not None and now > fault:
                age_ms += 1e3 * (now - fault)
            log.step(
                {
                    "time_ns": start_ns + round((now + 2e-4 * rng.random()) * 1e9),
                    "mode": mode,
                    "phase": phase or ("hold" if now < 0.4 * seconds else "set-point 1"),
                    "target": [*aim, 0.0],
                    "setpoint": None if mode == "descending" else [*aim, 0.0],
                    "position_w": (lag + 0.01 * np.sin([2.0 * now, 3.0 * now, now])).tolist(),
                    "velocity_w": [0.0, 0.0, 0.0],
                    "orientation_wxyz": [float(np.cos(tilt)), float(np.sin(tilt)), 0.0, 0.0],
                    "angular_velocity_b": [0.0, 0.0, 0.0],
                    "motors": [40000.0, 41000.0, 40500.0, 39000.0 + 1000.0 * np.sin(now)],
                    "battery_v": 3.9,
                    "state_age_ms": age_ms,
                    "heard_age_ms": 3.0,
                    "robot_ms": step * 10,
                    "onboard_mode": 1,
                    "armed": 1,
                }
            )
    return path


@pytest.fixture(scope="session")
def flight_log(tmp_path_factory):
    return make_flight(tmp_path_factory.mktemp("log") / "flight.mcap")


@pytest.fixture(scope="session")
def write_flight():
    """The writer itself, for tests that need another flight."""
    return make_flight


@pytest.fixture(scope="session")
def write_json():
    def write_json(path, document):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))

    return write_json
