"""Hostile commands and requests: nothing is obeyed that should not be, nothing breaks."""

import numpy as np
import pytest

from hardware.dds.crc import crc32_words
from hardware.dds.frames import HgLowCmd


def mutate(rng, frame):
    """Change a few bytes of a good frame; sometimes the checksum is mended, so that ranges must catch it."""
    image = frame.image
    kind = rng.integers(4)
    if kind == 0:
        image[rng.integers(0, len(image), rng.integers(1, 30))] = rng.integers(0, 256)
    elif kind == 1:
        image[:] = rng.integers(0, 256, len(image))
    else:
        motor = frame.record["motor_cmd"][int(rng.integers(29))]
        name = ("q", "dq", "tau", "kp", "kd")[rng.integers(5)]
        motor[name] = rng.choice([np.nan, np.inf, -np.inf, 3e38, -1e9, 1e-45])
    if kind != 3 and rng.random() < 0.5:
        frame.seal()


@pytest.mark.parametrize("seed", [0, 1])
def test_mutated_commands_never_move_the_robot_by_accident(make_bench, seed):
    """A frame is obeyed only if it is sealed and every number in range; the body stays sound."""
    bench = make_bench(hang=True, released=True)
    rng, robot = np.random.default_rng(seed), bench.robot
    good = bench.frame()
    for number in range(4000):
        frame = good.copy()
        mutate(rng, frame)
        before = robot.events.counters["commands"]
        robot.receive(frame, 1)
        if robot.events.counters["commands"] > before:
            motors = frame.record["motor_cmd"][:29]
            assert int(frame.record["crc"]) == crc32_words(frame.image[:-4])
            assert all(np.isfinite(motors[name]).all() for name in ("q", "dq", "tau", "kp", "kd"))
            assert motors["kp"].max() <= 1000.0
            assert frame.record["mode_machine"] == 5
        if number % 20 == 0:
            bench.advance(2)
    counters = robot.events.counters
    assert counters["bad_checksum"] > 500
    assert counters["out_of_range"] > 100
    assert robot.body.healthy


def test_random_wire_bytes_are_refused(make_bench):
    bench = make_bench(hang=True, released=True)
    rng = np.random.default_rng(5)
    for _ in range(2000):
        data = rng.integers(0, 256, rng.integers(0, 1200), dtype=np.uint8).tobytes()
        if rng.random() < 0.7:
            data = b"\x00\x01\x00\x00" + data[4:].ljust(HgLowCmd.wire[1].size, b"\0")[: HgLowCmd.wire[1].size]
        bench.robot.receive(HgLowCmd.deserialize(data), 1)
    assert bench.robot.events.counters == {"bad_checksum": 2000}


def test_random_requests_get_an_error_or_an_answer(bench):
    rng = np.random.default_rng(6)
    texts = [
        "",
        "{}",
        "null",
        '{"name": 1}',
        '{"name": "ai"}',
        "\x00",
        "[" * 100_000,
        '{"name": "' + "x" * 10_000 + '"}',
    ]
    for _ in range(300):
        function = int(rng.choice([1001, 1002, 1003, 1004, 0, -(2**63), 2**63 - 1]))
        code, data = bench.robot.request(function, str(rng.choice(texts)))
        assert isinstance(code, int)
        assert isinstance(data, str)
