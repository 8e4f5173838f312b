"""The server's C under gcc's sanitizers: whatever arrives, no byte is read or written that is not its own."""

import random
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from firmware_export.bundle_c import write_bundle_c
from firmware_export.hil.protocol import ANSWER, Message, pack_flights, pack_steps
from firmware_export.host import compiler
from firmware_export.targets import load_target
from firmware_export.toolchain import STRICT_C99, run_tool
from hardware.framing import DELIMITER, Frame, FrameReader, encode
from tests.hil.board.conftest import reference

HERE = Path(__file__).parent
SANITIZE = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
REQUESTS = 10_000


@pytest.fixture(scope="module")
def server(zoo, tmp_path_factory):
    """The server with the zoo's policy as a program of this computer."""
    folder = write_bundle_c(zoo, tmp_path_factory.mktemp("host-server"))
    common = load_target("stm32f405").folder.parent / "common"
    sources = [*(common / name for name in ("server.c", "sessions.c", "framing.c")), HERE / "host_board.c"]
    sources += [folder / name for name in ("policy.c", "policy_selftest.c")]
    program = folder / "server"
    run_tool([compiler(), *STRICT_C99, *SANITIZE, f"-I{folder}", f"-I{common}", *sources, "-lm", "-o", program])
    return program


def ask(server, data):
    """Answers to a stream of bytes; the program must end well."""
    done = subprocess.run([server], input=data, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()[:2000]
    return FrameReader().feed(done.stdout)


def hostile(rng, observation):
    """A request that is wrong in one way, or right."""
    kind = rng.choice((*Message, 0, 0x81, 77))
    floats = observation[: rng.choice((0, 1, 2, 11))].tobytes()
    count = len(floats) // 88
    session, number = rng.choice((0, 1, 2)), rng.choice((0, 1, 2, 0xFFFFFFFF))
    fly = struct.Struct("<IIBBH")
    step = struct.Struct("<BBHI")
    payload = rng.choice(
        (
            b"",
            rng.randbytes(rng.randrange(0, 1100)),
            fly.pack(session, number, rng.randrange(256), rng.randrange(256), 0) + floats,
            fly.pack(session, number, rng.choice((0, 1, 9, 15, 16, 200)), count, 0) + floats,
            step.pack(rng.randrange(256), rng.randrange(4), 0, rng.getrandbits(32)) + bytes(100) + floats,
            step.pack(count, rng.randrange(4), 0, rng.getrandbits(32)) + bytes(100) + floats,
        )
    )
    data = bytearray(encode(Frame(kind, rng.getrandbits(16), payload)))
    if rng.random() < 0.3:
        data[rng.randrange(len(data))] = rng.getrandbits(8)
    if rng.random() < 0.1:
        del data[rng.randrange(len(data)) :]
    return bytes(data)


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_of_requests_touches_nothing_and_is_forgotten(server, onnx, observations, seed):
    rng = random.Random(seed)
    storm = b"".join(hostile(rng, observations[0]) for _ in range(REQUESTS))
    flight = [pack_flights(99, n, 3, observations[:2, n]) for n in range(5)]
    calm = DELIMITER + b"".join(encode(Frame(Message.FLY, 1000 + n, payload)) for n, payload in enumerate(flight))
    answers = ask(server, storm + calm)
    assert len(answers) > REQUESTS / 4
    assert {answer.type for answer in answers} == {message | ANSWER for message in Message}
    actions = [np.frombuffer(answer.payload[:-4], "<f4").reshape(2, 4) for answer in answers[-5:]]
    np.testing.assert_allclose(np.stack(actions, 1), reference(onnx, observations[:2, :5]), atol=1e-5)


def test_every_answer_has_its_requests_number(server, observations):
    state = np.zeros(25, np.float32)
    payloads = {
        Message.INFO: b"",
        Message.STEP: pack_steps(observations[0, :2], state, np.array([True, False]), every_state=True),
        Message.SELF_TEST: b"",
        Message.FLY: pack_flights(5, 0, 0, observations[:1, 0]),
    }
    data = b"".join(encode(Frame(kind, 300 + kind, payload)) for kind, payload in payloads.items())
    assert [(answer.type, answer.sequence) for answer in ask(server, data)] == [
        (kind | ANSWER, 300 + kind) for kind in payloads
    ]
