"""New weights by radio: the receiver in C with the uploader of the host, over every kind of bad link."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_export.host import compiler
from firmware_export.onboard import SETPOINT_POSITION, SOURCES, OnboardController, build_onboard_library
from firmware_export.toolchain import STRICT_C99
from hardware.crazyflie.weights_packets import (
    CHUNK,
    DATA,
    Error,
    State,
    begin_request,
    commit_request,
    data_request,
    decode_answer,
    drop_request,
    status_request,
)
from hardware.crazyflie.weights_upload import Uploader
from policies.weights_image import WeightsImage
from sim.errors import BundleError, FlightRefusedError, LinkError, ToolchainError, VerificationError
from tests.firmware_export.images import memory_model, replaceable
from tests.firmware_export.models import write_c
from tests.support.faulty_channel import Faults, FaultyChannel

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def generated():
    return [replaceable(memory_model(seed), seed + 1) for seed in (0, 1, 2)]


@pytest.fixture(scope="module")
def folder(generated, tmp_path_factory):
    return write_c(tmp_path_factory.mktemp("weights") / "c", generated[0])


@pytest.fixture(scope="module")
def library(folder):
    return build_onboard_library(folder, folder / "onboard.so")


class Robot:
    """The controller and the receiver, stepped once per packet."""

    def __init__(self, library):
        self.controller = OnboardController(library, 0.7)
        self.controller.estimate.attitude[:] = (1.0, 0.0, 0.0, 0.0)
        self.armed = False
        self.tick = 0

    def step(self, count=1):
        for _ in range(count):
            self.tick += 1
            self.controller.step(self.tick, self.armed)

    def receive(self, packet):
        answer = self.controller.weights.receive(packet, self.armed)
        self.step()
        return answer

    def ask(self, packet):
        answer = decode_answer(self.receive(packet) or b"")
        assert answer is not None
        return answer

    def restart(self):
        """As a power cut."""
        self.controller.restart()
        self.controller.weights.restart()

    def fly(self, steps=30):
        """Motor commands of a flight that sees the same every time."""
        rng = np.random.default_rng(4)
        self.armed = False
        self.step()
        self.armed = True
        self.step(501)
        setpoint = self.controller.setpoint
        motors = []
        for _ in range(steps):
            setpoint.mode, setpoint.tick_ms = SETPOINT_POSITION, self.tick
            self.controller.estimate.velocity_w[:] = rng.normal(size=3).tolist()
            self.step(10)
            motors.append(self.controller.motors)
        self.armed = False
        self.step()
        return np.array(motors)

    @property
    def id(self):
        return self.controller.weights.bundle_id[0]


@pytest.fixture
def robot(library):
    return Robot(library)


def channel_to(robot, seed=0, **faults):
    return FaultyChannel(robot.receive, np.random.default_rng(seed), Faults(**faults))


def upload(robot, image, seed=0, progress=lambda done, total: None, **faults):
    channel = channel_to(robot, seed, **faults)
    return Uploader(channel, channel.clock).upload(image, progress), channel


def begin(image):
    return begin_request(len(image.data), image.crc, image.architecture)


def pieces(image, session, start=0):
    return [data_request(session, i, image.data[i : i + CHUNK]) for i in range(start, len(image.data), CHUNK)]


def test_new_weights_are_flown_and_they_are_those_of_the_other_training(robot, generated, tmp_path):
    before = robot.fly()
    answer, _ = upload(robot, generated[1].weights)
    assert (answer.state, answer.crc, robot.id) == (State.ACTIVE, generated[1].weights.crc, 2)
    after = robot.fly()
    other = write_c(tmp_path / "other", generated[1])
    flashed = Robot(build_onboard_library(other, other / "onboard.so")).fly()
    assert np.array_equal(after, flashed)
    assert not np.allclose(after, before)


def test_a_restart_brings_the_weights_in_flash_back(robot, generated):
    before = robot.fly()
    upload(robot, generated[1].weights)
    robot.restart()
    assert robot.id == 1
    assert np.array_equal(robot.fly(), before)
    assert robot.ask(status_request()).state == State.FLASH


def test_a_power_cut_in_the_middle_leaves_the_weights_in_flash(robot, generated):
    image = generated[1].weights
    session = robot.ask(begin(image)).session
    for packet in pieces(image, session)[:100]:
        robot.ask(packet)
    robot.restart()
    assert robot.ask(commit_request(session)).error == Error.SESSION
    assert robot.id == 1


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.0, 0.4),
    st.floats(0.0, 0.4),
    st.floats(0.0, 0.3),
    st.floats(0.0, 0.3),
)
def test_over_a_bad_link_the_weights_arrive_whole_or_the_old_ones_stay(
    library, generated, seed, loss, repeat, reorder, damage
):
    robot, image = Robot(library), generated[1].weights
    try:
        answer, _ = upload(robot, image, seed, loss=loss, repeat=repeat, reorder=reorder, damage=damage)
    except LinkError:
        assert robot.id == 1
        return
    assert answer.state == State.ACTIVE
    assert robot.id == 2


def test_a_fifth_of_the_packets_lost_delays_it_and_no_more(robot, generated):
    image = generated[1].weights
    _, ideal = upload(robot, image)
    robot.restart()
    answer, lossy = upload(robot, image, loss=0.2, damage=0.02)
    assert answer.state == State.ACTIVE
    assert ideal.sent < 1.02 * len(image.data) / CHUNK + 5
    assert lossy.sent < 4 * ideal.sent
    robot.restart()
    _, rare = upload(robot, image, loss=0.05)
    assert rare.now < 2.0 * ideal.now, "a gap is closed when it is seen, not after a silence"


def test_repeated_packets_do_not_set_off_a_storm(robot, generated):
    _, channel = upload(robot, generated[1].weights, repeat=0.5)
    assert channel.sent < 1.1 * len(generated[1].weights.data) / CHUNK + 5


def test_a_late_piece_of_another_upload_is_not_written(robot, generated):
    first, second = generated[1].weights, generated[2].weights
    late = pieces(first, robot.ask(begin(first)).session)[0]
    session = robot.ask(begin(second)).session
    assert robot.ask(late).error == Error.SESSION
    for packet in pieces(second, session):
        robot.ask(packet)
    assert robot.ask(commit_request(session)).state == State.ACTIVE


def test_what_was_damaged_unseen_is_sent_again(robot, generated):
    """A check of 16 bits lets one damaged packet in 65,536 pass; the image's checksum does not."""
    image = generated[1].weights
    damaged = []

    def receive(packet):
        if packet[0] == DATA and len(damaged) == 0 and packet[2:4] == b"\x80\x01":  # offset 0x180
            damaged.append(packet)
            packet = data_request(packet[1], 0x180, bytes(CHUNK))
        return robot.receive(packet)

    channel = FaultyChannel(receive, np.random.default_rng(0))
    answer = Uploader(channel, channel.clock).upload(image)
    assert damaged
    assert (answer.state, robot.id) == (State.ACTIVE, 2)


def test_a_link_that_keeps_only_the_last_packet_of_a_burst_gets_through(robot, generated):
    waiting = {}

    class Queue(FaultyChannel):
        def send(self, packet):
            waiting["packet"] = packet

        def receive(self, timeout_s):
            if "packet" in waiting:
                super().send(waiting.pop("packet"))
            return super().receive(timeout_s)

    channel = Queue(robot.receive, np.random.default_rng(0))
    answer = Uploader(channel, channel.clock).upload(generated[1].weights)
    assert answer.state == State.ACTIVE


def test_an_interrupted_upload_goes_on_where_it_was(robot, generated):
    image = generated[1].weights
    session = robot.ask(begin(image)).session
    for packet in pieces(image, session)[:100]:
        robot.ask(packet)
    seen = []
    answer, channel = upload(robot, image, progress=lambda done, total: seen.append(done))
    assert answer.session == session
    assert seen[0] == 101 * CHUNK
    assert channel.sent < len(image.data) / CHUNK - 90


def test_what_is_there_already_is_not_sent_again(robot, generated):
    upload(robot, generated[1].weights)
    answer, channel = upload(robot, generated[1].weights)
    assert answer.state == State.ACTIVE
    assert channel.sent <= 2


def test_every_request_may_be_repeated(robot, generated):
    image = generated[1].weights
    sessions = {robot.ask(begin(image)).session for _ in range(3)}
    assert len(sessions) == 1
    for packet in pieces(image, sessions.pop()):
        first, second = robot.ask(packet), robot.ask(packet)
        assert (first.received, second.error) == (second.received, Error.NONE)
    answers = [robot.ask(commit_request(first.session)) for _ in range(3)]
    assert {(answer.state, answer.error) for answer in answers} == {(State.ACTIVE, Error.NONE)}


def test_a_second_upload_takes_the_place_of_the_first(robot, generated):
    for number in (1, 2, 1):
        answer, _ = upload(robot, generated[number].weights, loss=0.1)
        assert answer.state == State.ACTIVE
        assert robot.id == number + 1


def test_while_an_upload_replaces_another_the_weights_in_flash_are_flown(robot, generated):
    in_flash = robot.fly()
    upload(robot, generated[1].weights)
    session = robot.ask(begin(generated[2].weights)).session
    for packet in pieces(generated[2].weights, session)[:50]:
        assert robot.ask(packet).error == Error.NONE
    assert robot.id == 1
    assert np.array_equal(robot.fly(), in_flash)


def test_the_bank_is_not_written_while_the_controller_holds_it(library, generated):
    robot = Robot(library)
    upload(robot, generated[1].weights)
    receive = robot.controller.weights.receive  # without a step of the controller
    robot.step()
    answer = decode_answer(receive(begin(generated[2].weights), False))
    packet = pieces(generated[2].weights, answer.session)[0]
    assert decode_answer(receive(packet, False)).error == Error.BUSY
    robot.step()
    assert decode_answer(receive(packet, False)).error == Error.NONE


def test_an_armed_robot_takes_nothing_and_flies_on(robot, generated):
    image = generated[1].weights
    session = robot.ask(begin(image)).session
    all_pieces = pieces(image, session)
    for packet in all_pieces[:-1]:
        robot.ask(packet)
    robot.armed = True
    assert robot.ask(all_pieces[-1]).error == Error.ARMED
    assert robot.ask(commit_request(session)).error == Error.ARMED
    assert robot.ask(begin(generated[2].weights)).error == Error.ARMED
    assert robot.ask(drop_request()).error == Error.ARMED
    with pytest.raises(FlightRefusedError, match="disarm"):
        upload(robot, image)
    robot.armed = False
    answer, _ = upload(robot, image)
    assert answer.session == session, "it goes on where it was"


def test_weights_never_change_in_flight(library, generated):
    """The receiver chooses at once, the controller only while it is disarmed."""
    robot = Robot(library)
    upload(robot, generated[1].weights)
    receive = robot.controller.weights.receive
    first = robot.fly()
    robot.armed = True
    robot.step()
    receive(drop_request(), False)  # somebody tells the receiver that the robot is disarmed, wrongly
    assert robot.id == 1
    robot.controller.estimate.velocity_w[:] = (0.0, 0.0, 0.0)
    held = robot.controller.weights
    answer = decode_answer(held.receive(begin(generated[2].weights), False))
    packet = pieces(generated[2].weights, answer.session)[0]
    assert decode_answer(held.receive(packet, False)).error == Error.BUSY, "the bank is still being flown"
    assert len(first)


@pytest.mark.parametrize("way", ["checksum", "self-test"])
def test_wrong_weights_are_refused_and_those_in_flash_flown_again(robot, generated, way):
    image = generated[1].weights
    data = bytearray(image.data)
    data[4035] ^= 0x40  # the exponent of a weight
    bad = WeightsImage(image.architecture, bytes(data))
    in_flash = robot.fly()
    upload(robot, generated[2].weights)
    announced = image if way == "checksum" else bad
    session = robot.ask(begin(announced)).session
    for packet in pieces(bad, session):
        robot.ask(packet)
    answer = robot.ask(commit_request(session))
    assert answer.error == (Error.CHECKSUM if way == "checksum" else Error.SELF_TEST)
    assert (answer.wrong > 0) == (way == "self-test")
    later = robot.ask(status_request())
    assert (later.state, later.error) == (State.REFUSED, answer.error), "readable later"
    assert robot.id == 1
    assert np.array_equal(robot.fly(), in_flash)
    good, _ = upload(robot, image)
    assert good.state == State.ACTIVE


def test_the_uploader_names_a_failed_self_test(robot, generated):
    image = generated[1].weights
    data = bytearray(image.data)
    data[-200:-196] = b"\0\0\xc0\x7f"  # NaN among the golden numbers
    with pytest.raises(VerificationError, match="self-test"):
        upload(robot, WeightsImage(image.architecture, bytes(data)))
    assert robot.id == 1


def test_weights_of_another_network_are_refused_before_anything_is_sent(robot, generated):
    image = generated[1].weights
    other = WeightsImage(bytes(8), image.data)
    longer = WeightsImage(image.architecture, image.data + bytes(4))
    too_large = WeightsImage(image.architecture, bytes(30_000))
    for wrong, text in ((other, "architecture"), (longer, f"{len(longer.data):,} B"), (too_large, "30,000 B")):
        channel = channel_to(robot)
        with pytest.raises(BundleError, match=text):
            Uploader(channel, channel.clock).upload(wrong)
        assert channel.sent == 1, "it asked, no more"
    assert robot.ask(begin(other)).error == Error.ARCHITECTURE
    assert robot.ask(begin(longer)).error == Error.SIZE
    assert robot.ask(status_request()).state == State.FLASH


def test_a_robot_that_does_not_answer_is_given_up(robot, generated):
    channel = FaultyChannel(lambda packet: None, np.random.default_rng(0))
    with pytest.raises(LinkError, match="no answer about weights within 5 s"):
        Uploader(channel, channel.clock).upload(generated[1].weights)
    assert channel.now < 6.0


def test_a_link_that_dies_on_the_way_is_given_up(robot, generated):
    count = iter(range(10**6))
    channel = FaultyChannel(lambda p: robot.receive(p) if next(count) < 50 else None, np.random.default_rng(0))
    with pytest.raises(LinkError, match="no answer"):
        Uploader(channel, channel.clock).upload(generated[1].weights)
    assert robot.id == 1


def test_a_controller_that_never_lets_go_is_named(robot, generated):
    """Where another controller is selected, ours takes no step in which it could."""
    upload(robot, generated[1].weights)
    receive = robot.controller.weights.receive
    channel = FaultyChannel(lambda packet: receive(packet, False), np.random.default_rng(0))
    with pytest.raises(LinkError, match=r"stabilizer\.controller 6"):
        Uploader(channel, channel.clock).upload(generated[2].weights)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40))
def test_packets_of_others_are_ignored(library, packet):
    robot = Robot(library)
    answer = robot.receive(packet)
    assert answer is None or packet[0] & 0xF0 == 0x50
    assert robot.id == 1


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=31))
def test_only_a_whole_answer_is_one(packet):
    assert decode_answer(packet) is None


def test_every_kind_of_packet_under_sanitizers(folder, tmp_path):
    program = tmp_path / "stress"
    flags = [*STRICT_C99, "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    onboard = [SOURCES / name for name in ("s2m_weights.c", "s2m_controller.c")]
    sources = [HERE / "weights_stress_main.c", *onboard, folder / "policy.c"]
    subprocess.run([compiler(), *flags, f"-I{folder}", f"-I{SOURCES}", *sources, "-lm", "-o", program], check=True)
    done = subprocess.run([program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()[:1]) == (0, ["ok"]), done.stdout + done.stderr


@pytest.mark.toolchain
def test_it_compiles_for_the_microcontroller_without_warnings_or_static_memory(folder, tmp_path):
    target = tmp_path / "s2m_weights.o"
    chip = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O2"]
    command = ["arm-none-eabi-gcc", *STRICT_C99, *chip, f"-I{folder}", "-c", SOURCES / "s2m_weights.c", "-o", target]
    subprocess.run(command, check=True)
    sizes = subprocess.run(["arm-none-eabi-size", target], check=True, capture_output=True, text=True).stdout
    text, data, bss = map(int, sizes.splitlines()[1].split()[:3])
    assert (data, bss) == (0, 0)
    assert text < 2048


def test_a_policy_too_large_for_the_bank_does_not_compile(folder, generated, tmp_path):
    header = generated[0].files["policy.h"]
    size = len(generated[0].weights.data)
    larger = header.replace(f"POLICY_IMAGE_SIZE {size}", "POLICY_IMAGE_SIZE 28676")
    (write_c(tmp_path / "c", generated[0]) / "policy.h").write_text(larger)
    with pytest.raises(ToolchainError):
        build_onboard_library(tmp_path / "c", tmp_path / "x.so")
