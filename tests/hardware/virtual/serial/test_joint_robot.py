"""A robot with joints behind the serial protocol, stepped inside the test: who may move it, and what it does alone."""

import math

import numpy as np
import pytest

from hardware.framing import Frame, FrameReader, encode
from hardware.serial.hello import HelloRequest, decode_hello, encode_hello_request
from hardware.serial.messages import Command, decode_nack, encode_command, encode_safe_action, encode_session
from hardware.serial.protocol import MessageType, Refusal
from hardware.serial.states import Flag, Mode, decode_joint_report
from hardware.virtual.serial.build import build_serial_robot, build_virtual_joint_robot
from hardware.virtual.serial.faults import parse_joint_fault
from hardware.virtual.serial.joint_report import onboard_summary
from sim.errors import ConfigError
from sim.registry import load_robot

PARAMETERS = load_robot("g1").parameters()
POSE = PARAMETERS.default_pose_rad
SESSION = 0x5E5510


class Host:
    """Speaks the protocol to a robot that knows neither ports nor clocks."""

    def __init__(self, *faults, robot=None, session=SESSION, port=0, **options):
        self.robot = robot or build_virtual_joint_robot("g1", faults=[*map(parse_joint_fault, faults)], **options)
        self.session, self.port, self.sequence, self.report = session, port, 0, None
        self._reader = FrameReader()

    def listen(self):
        frames = self._reader.feed(self.robot.take_outgoing(self.port))
        for frame in frames:
            if frame.type == MessageType.JOINT_STATE:
                self.report = decode_joint_report(frame.payload, 29)
        return [frame for frame in frames if frame.type != MessageType.JOINT_STATE]

    def ask(self, kind, payload=None):
        self.robot.receive(
            encode(Frame(kind, 7, encode_session(self.session) if payload is None else payload)), self.port
        )
        return next(iter(self.listen()), None)

    def refusal(self, kind, payload=None):
        answer = self.ask(kind, payload)
        assert answer is not None, "not refused"
        assert answer.type == MessageType.NACK, "not refused"
        return decode_nack(answer.payload).refusal

    def hello(self):
        return decode_hello(
            self.ask(MessageType.HELLO_REQUEST, encode_hello_request(HelloRequest(self.session))).payload
        )

    def safe(self, action):
        return self.ask(MessageType.SAFE_ACTION, encode_safe_action(self.session, action))

    def command(self, targets=POSE, sequence=None):
        self.sequence = self.sequence + 1 if sequence is None else sequence
        return encode_command(Command(self.session, self.sequence, tuple(targets)))

    def send(self, targets=POSE):
        return self.ask(MessageType.COMMAND, self.command(targets))

    def hold(self, seconds, targets=POSE):
        for _ in range(round(50 * seconds)):
            assert self.send(targets) is None
            self.wait(0.02)

    def wait(self, seconds):
        self.robot.advance(round(1000 * seconds))
        self.listen()

    def start(self):
        self.wait(0.1)
        self.hello()
        assert self.ask(MessageType.ARM).type == MessageType.ACK
        self.wait(0.02)
        return self

    @property
    def mode(self):
        return self.report.head.mode


def test_the_hello_is_that_of_the_robot_in_the_bundles_order():
    hello = Host().hello()
    assert (hello.kind, hello.level, hello.robot) == ("joint", "joint_position", "g1")
    assert hello.channels == PARAMETERS.joint_names
    assert hello.period_us == 20_000


def test_armed_it_holds_the_pose_it_is_found_in_and_then_follows():
    host = Host().start()
    assert host.mode is Mode.IDLE
    found = np.array(host.report.position)
    host.wait(0.5)
    assert np.abs(host.report.position - found).max() < 0.1, "limp it would have changed more"
    targets = np.array(POSE)
    targets[PARAMETERS.joint_names.index("left_elbow_joint")] += 0.3
    host.hold(1.0, targets)
    assert host.mode is Mode.COMMANDS
    assert np.abs(host.report.position - targets).max() < 0.15
    assert host.report.head.command_sequence == host.sequence


@pytest.mark.parametrize("limit", ["position_low_rad", "position_high_rad"])
def test_targets_at_their_limits_are_in_range_and_beyond_them_not(limit):
    host = Host().start()
    at_limit = np.asarray(getattr(PARAMETERS, limit))
    assert host.send(at_limit) is None
    beyond = at_limit * 1.001
    assert host.refusal(MessageType.COMMAND, host.command(beyond)) is Refusal.OUT_OF_RANGE


def test_bad_commands_are_refused_and_move_nothing():
    host = Host().start()
    assert host.send() is None
    wrong = list(POSE)
    wrong[5] = math.nan
    assert host.refusal(MessageType.COMMAND, host.command(wrong)) is Refusal.NOT_A_NUMBER
    assert host.refusal(MessageType.COMMAND, host.command(POSE[:4])) is Refusal.CHANNEL_COUNT
    assert host.refusal(MessageType.COMMAND, host.command(sequence=1)) is Refusal.OLD_SEQUENCE
    assert host.refusal(MessageType.COMMAND, host.command(sequence=1 << 20)) is Refusal.OLD_SEQUENCE
    damaged = bytearray(encode(Frame(MessageType.COMMAND, 0, host.command(sequence=2))))
    damaged[40] ^= 4
    host.robot.receive(bytes(damaged))
    host.wait(0.02)
    assert host.report.head.command_sequence == 1
    assert host.report.head.refused == 5


def test_a_second_controller_is_refused_and_reported():
    host = Host().start()
    host.hold(0.1)
    other = Host(robot=host.robot, session=0xBAD, port=1)
    hello = encode_hello_request(HelloRequest(0xBAD))
    assert other.refusal(MessageType.HELLO_REQUEST, hello) is Refusal.BUSY
    assert other.refusal(MessageType.COMMAND, other.command()) is Refusal.NO_SESSION
    host.hold(0.1)
    assert Flag.INTRUDER in host.report.head.flags


def test_silence_damps_within_its_budget_and_only_arming_anew_brings_it_back():
    host = Host().start()
    host.hold(0.5)
    last_ms = host.robot.events.marks["last_command"]
    for _ in range(15):  # a heartbeat is no command
        host.ask(MessageType.HEARTBEAT)
        host.wait(0.02)
    failsafe = host.robot.events.first("failsafe")
    assert 1000 * failsafe["t_s"] - last_ms == pytest.approx(200, abs=2)
    assert Flag.FAILSAFE in host.report.head.flags
    assert not host.robot.body.model.actuator_gainprm[:, 0].any(), "no stiffness"
    assert (host.robot.body.model.actuator_biasprm[:, 2] < 0.0).all(), "but damping"
    assert host.refusal(MessageType.COMMAND, host.command()) is Refusal.SAFE_ACTION
    host.ask(MessageType.DISARM)
    host.ask(MessageType.ARM)
    host.hold(0.1)
    assert host.mode is Mode.COMMANDS


def test_safe_actions_damp_hold_and_off():
    host = Host().start()
    host.hold(0.3)
    assert host.refusal(MessageType.SAFE_ACTION, encode_safe_action(SESSION, "land")) is Refusal.UNSUPPORTED
    host.safe("hold")
    host.wait(0.9)
    assert host.mode is Mode.SAFE_ACTION
    assert host.robot.body.model.actuator_gainprm[:, 0].all(), "stiff"
    host.wait(0.2)
    assert host.mode is Mode.FAILSAFE, "nobody is there any more"
    host.ask(MessageType.DISARM)
    host.ask(MessageType.ARM)
    host.hold(0.1)
    host.safe("damp")
    host.wait(0.02)
    assert host.mode is Mode.SAFE_ACTION
    host.safe("hold")
    host.wait(0.02)
    assert not host.robot.body.model.actuator_gainprm[:, 0].any(), "a milder one does not replace it"
    host.safe("off")
    host.wait(0.02)
    assert (host.mode, Flag.ARMED in host.report.head.flags) == (Mode.OFF, False)


def test_the_emergency_stop_takes_all_force_from_anybody_until_a_restart():
    host = Host().start()
    host.hold(0.1)
    stranger = Host(robot=host.robot, session=0xBAD, port=1)
    assert stranger.ask(MessageType.EMERGENCY_STOP).type == MessageType.ACK
    host.wait(0.02)
    assert host.mode is Mode.STOPPED
    assert not host.robot.body.model.actuator_biasprm[:, 1:].any(), "limp"
    assert host.refusal(MessageType.ARM) is Refusal.EMERGENCY_STOPPED
    host.robot.inject(parse_joint_fault("reboot"))
    assert host.start().mode is Mode.IDLE


FLAGS = {"dead-motor=4": Flag.CRASHED, "remote-stop": Flag.OPERATOR_STOP}


@pytest.mark.parametrize("fault", FLAGS)
def test_what_the_robot_itself_reports_keeps_it_from_arming(fault):
    host = Host(f"{fault}@0.5").start()
    while host.robot.now_ms < 500:
        host.hold(0.02)
    host.wait(0.04)
    assert FLAGS[fault] in host.report.head.flags
    host.ask(MessageType.DISARM)
    assert host.refusal(MessageType.ARM) is Refusal.CANNOT_ARM


def test_the_remote_damps_without_the_host():
    host = Host("remote-stop@0.5").start()
    while host.robot.now_ms < 500:
        host.hold(0.02)
    host.wait(0.02)
    assert host.mode is Mode.SAFE_ACTION
    assert not host.robot.body.model.actuator_gainprm[:, 0].any()


SENSED = {
    "gyro-bias=90": lambda r: r.angular_velocity_b[0] > 1.0,
    "nan-state": lambda r: math.isnan(r.orientation_wxyz[0]),
    "over-temperature=99": lambda r: max(r.temperature_c) > 95.0,
    "low-battery": lambda r: r.head.battery_v < 43.0,
    "battery-sag=9": lambda r: r.head.battery_v < 46.0,
}


@pytest.mark.parametrize("fault", SENSED)
def test_faults_show_in_the_states_and_end(fault):
    host = Host(f"{fault}@0.3:0.3")
    host.start()
    assert not SENSED[fault](host.report)
    host.wait(0.4)
    assert SENSED[fault](host.report)
    host.wait(0.6)
    assert fault.startswith("over-temperature") or not SENSED[fault](host.report)


def test_the_motors_act_on_an_encoder_that_reads_too_much():
    host = Host("encoder-bias=20@0.3").start()
    host.hold(1.0)
    knee = PARAMETERS.joint_names.index("left_knee_joint")
    true, measured = host.robot.body.position[knee], host.report.position[knee]
    assert measured - true == pytest.approx(math.radians(20), abs=0.02)
    assert true == pytest.approx(POSE[knee] - math.radians(20), abs=0.1)


def test_stalled_states_stop_while_the_rest_answers():
    host = Host("state-stall@0.3").start()
    host.hold(0.4)
    stamp = host.report.head.robot_ms
    host.hold(0.2)
    assert host.report.head.robot_ms == stamp
    assert host.ask(MessageType.HEARTBEAT).type == MessageType.ACK


def test_the_same_seed_gives_the_same_bytes():
    def states(seed):
        host = Host("packet-loss=20", "duplication=10", "delay=5", "jitter=9", seed=seed)
        data = []
        for number in range(60):
            host.robot.receive(encode(Frame(MessageType.HELLO_REQUEST, number, encode_hello_request(HelloRequest(1)))))
            host.robot.advance(20)
            data.append(host.robot.take_outgoing())
        return data

    assert states(3) == states(3) != states(4)


def test_bad_robots_sets_and_faults_are_one_line():
    with pytest.raises(ConfigError, match="choose one of"):
        build_serial_robot("g2")
    with pytest.raises(ConfigError, match="stand"):
        build_serial_robot("g1", parameter_set="sit")
    with pytest.raises(ConfigError, match="unknown fault 'kick'"):
        parse_joint_fault("kick")
    with pytest.raises(ConfigError, match="0 to 28"):
        Host("dead-motor=29")


def test_the_report_counts_from_the_fault_and_lowering_is_none():
    host = Host("lower@0.2", "link-loss@0.5").start()
    for _ in range(60):
        host.send()
        host.wait(0.02)
    summary = onboard_summary(host.robot)
    assert summary["safe_action"] == "failsafe"
    assert summary["fault_s"] == 0.5
    assert summary["safe_action_after_fault_ms"] <= 220.0
