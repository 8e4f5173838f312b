"""The on-board controller in C, through ctypes, around a hand-written policy that shows what it was given."""

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_export.host import compiler
from firmware_export.onboard import (
    MODES,
    SETPOINT_HOVER,
    SETPOINT_NONE,
    SETPOINT_POSITION,
    SETPOINT_STOP,
    SETPOINT_VELOCITY,
    SOURCES,
    OnboardController,
    build_onboard_library,
)
from firmware_export.toolchain import STRICT_C99
from sim.errors import ToolchainError

HERE = Path(__file__).parent
PROBE = HERE / "probe"
HOVER = 0.7
WARM_UP_MS, IDLE, DEAD_MAN_MS = 500, 0.1, 200


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build_onboard_library(PROBE, tmp_path_factory.mktemp("onboard") / "probe.so")


class Pilot:
    """Steps a controller and keeps what came out."""

    def __init__(self, library, tick=0):
        self.controller = OnboardController(library, HOVER)
        self.controller.estimate.attitude[:] = (1.0, 0.0, 0.0, 0.0)
        self.tick = tick
        self.armed = False

    def place(self, position=(0.0, 0.0, 0.0)):
        self.controller.estimate.position_w[:] = position

    def send(self, mode, position=(0.0, 0.0, 0.0), velocity=(0.0, 0.0, 0.0)):
        setpoint = self.controller.setpoint
        setpoint.mode, setpoint.tick_ms = mode, self.tick & 0xFFFFFFFF
        setpoint.position_w[:], setpoint.velocity_w[:] = position, velocity

    def step(self, count=1, keep_alive=False):
        """Step ``count`` ms; returns modes and motors, one row per ms."""
        modes, motors = [], []
        for _ in range(count):
            self.tick += 1
            if keep_alive:
                self.controller.setpoint.tick_ms = self.tick & 0xFFFFFFFF
            modes.append(MODES[self.controller.step(self.tick, self.armed)])
            motors.append(self.controller.motors)
        return modes, np.array(motors)

    def take_off(self, position=(0.0, 0.0, 1.0)):
        """Arm on the ground, warm up, then fly at ``position`` with a fresh set-point there."""
        self.place()
        self.armed = True
        self.step(WARM_UP_MS)
        self.place(position)
        self.send(SETPOINT_POSITION, position)
        assert self.step()[0] == ["policy"]


@pytest.fixture
def pilot(library):
    return Pilot(library)


def test_disarmed_motors_are_off_whatever_arrives(pilot):
    pilot.send(SETPOINT_POSITION, (0.0, 0.0, 1.0))
    modes, motors = pilot.step(1000, keep_alive=True)
    assert set(modes) == {"off"}
    assert not motors.any()


def test_arming_warms_the_motors_up_to_idle_and_waits(pilot):
    pilot.armed = True
    modes, motors = pilot.step(1000)
    assert set(modes) == {"idle"}
    assert motors[0] == pytest.approx(0.0)
    assert (np.diff(motors[:, 0]) >= 0.0).all()
    assert motors[250] == pytest.approx(IDLE * 250 / WARM_UP_MS)
    assert motors[WARM_UP_MS:] == pytest.approx(IDLE)


def test_a_setpoint_during_warm_up_waits_for_its_end(pilot):
    pilot.armed = True
    pilot.send(SETPOINT_POSITION)
    modes, _ = pilot.step(WARM_UP_MS + 10, keep_alive=True)
    assert modes.index("policy") == WARM_UP_MS


def test_the_policy_runs_once_per_period_and_its_action_is_held(pilot):
    pilot.take_off()
    before = pilot.controller.policy_steps
    _, motors = pilot.step(1000, keep_alive=True)
    assert pilot.controller.policy_steps - before == 100
    changes = np.flatnonzero(np.any(np.diff(motors, axis=0) != 0.0, axis=1))
    assert len(changes) > 50
    assert set(np.diff(changes)) == {10}


def test_reset_is_one_on_the_first_step_only(pilot):
    pilot.take_off()
    assert pilot.controller.motors[1] == 1.0
    _, motors = pilot.step(500, keep_alive=True)
    assert not motors[10:, 1].any()


@pytest.mark.parametrize("interrupt", ["stop", "disarm"])
def test_a_new_start_resets_the_policy_again(pilot, interrupt):
    pilot.take_off()
    pilot.step(100, keep_alive=True)
    if interrupt == "stop":
        pilot.send(SETPOINT_STOP)
        assert pilot.step()[0] == ["idle"]
    else:
        pilot.armed = False
        assert not pilot.step()[1].any()
        pilot.armed = True
        pilot.step(WARM_UP_MS)
    pilot.send(SETPOINT_POSITION, (0.0, 0.0, 1.0))
    assert pilot.step(2)[0][-1] == "policy"
    assert pilot.controller.motors[1] == 1.0


def test_the_observation_is_the_estimate_in_the_order_of_the_contract(pilot):
    pilot.take_off((0.1, -0.2, 1.0))
    quaternion = np.array([0.9, 0.1, -0.3, 0.2])
    quaternion /= np.linalg.norm(quaternion)
    estimate = pilot.controller.estimate
    estimate.position_w[:] = (0.15, -0.25, 1.1)
    estimate.velocity_w[:] = (1.0, 2.0, 3.0)
    estimate.attitude[:] = quaternion.tolist()
    estimate.angular_velocity_b[:] = (0.01, 0.02, 0.03)
    applied = pilot.controller.motors
    pilot.step(10, keep_alive=True)
    w, v = quaternion[0], quaternion[1:]
    cross = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    rotation = np.eye(3) + 2.0 * w * cross + 2.0 * cross @ cross  # Rodrigues, independent of the C formula
    expected = [0.05, -0.05, 0.1, *rotation.ravel(), 1.0, 2.0, 3.0, 0.01, 0.02, 0.03, *applied]
    assert pilot.controller.observation == pytest.approx(expected, abs=2e-6)


def test_the_first_observation_reports_the_hover_command_as_applied(pilot):
    pilot.take_off()
    assert pilot.controller.observation[18:] == pytest.approx([HOVER] * 4)


def test_actions_are_clipped_and_the_clipped_command_comes_back(pilot):
    pilot.take_off()
    pilot.controller.estimate.angular_velocity_b[0] = 5.0
    pilot.step(20, keep_alive=True)
    assert pilot.controller.motors[3] == 1.0
    assert pilot.controller.observation[21] == 1.0


def test_the_slew_limit_bounds_the_change_per_period(library):
    pilot = Pilot(library)
    pilot.controller.config.slew_per_s = 5.0
    pilot.controller.restart()
    pilot.take_off()
    _, motors = pilot.step(300, keep_alive=True)
    assert np.abs(np.diff(motors, axis=0)).max() == pytest.approx(0.05, abs=1e-6)
    assert motors[-1][0] == pytest.approx(0.5)


def test_a_far_setpoint_looks_half_a_metre_away(pilot):
    pilot.take_off()
    pilot.send(SETPOINT_POSITION, (1.9, -1.9, 2.0))
    pilot.step(10, keep_alive=True)
    assert pilot.controller.observation[:3] == pytest.approx([-0.5, 0.5, -0.5])


def test_setpoints_are_clipped_to_the_box_around_the_arming_position(pilot):
    pilot.take_off()
    pilot.place((2.0, -2.0, 2.5))
    pilot.send(SETPOINT_POSITION, (50.0, -50.0, 50.0))
    pilot.step(10, keep_alive=True)
    assert pilot.controller.observation[:3] == pytest.approx([0.0, 0.0, 0.0], abs=1e-6)


def test_a_velocity_setpoint_moves_the_held_point(pilot):
    pilot.take_off()
    pilot.send(SETPOINT_VELOCITY, velocity=(0.2, -0.1, 0.1))
    pilot.step(1000, keep_alive=True)
    assert pilot.controller.observation[:3] == pytest.approx([-0.2, 0.1, -0.1], abs=2e-3)


def test_a_hover_setpoint_moves_in_the_plane_and_holds_the_height(pilot):
    pilot.take_off()
    pilot.send(SETPOINT_HOVER, (9.0, 9.0, 1.3), (0.2, 0.0, 5.0))
    pilot.step(1000, keep_alive=True)
    assert pilot.controller.observation[:3] == pytest.approx([-0.2, 0.0, -0.3], abs=2e-3)


def test_the_dead_man_acts_200_ms_after_the_last_setpoint(pilot):
    pilot.take_off()
    modes, _ = pilot.step(DEAD_MAN_MS + 5)
    # The set-point was one millisecond old when these steps began.
    assert modes.index("dead_man") == DEAD_MAN_MS - 2
    assert set(modes[: DEAD_MAN_MS - 2]) == {"policy"}


def test_an_unusable_setpoint_is_none(pilot):
    pilot.take_off()
    pilot.send(SETPOINT_NONE)
    assert pilot.step()[0] == ["dead_man"]


def test_the_dead_man_sinks_at_the_configured_rate_above_where_it_began(pilot):
    pilot.take_off((0.3, 0.4, 1.0))
    pilot.step(DEAD_MAN_MS)
    pilot.step(1000)
    error = pilot.controller.observation[:3]
    assert error == pytest.approx([0.0, 0.0, 0.3], abs=4e-3)


def test_the_dead_man_ends_on_the_ground_with_motors_off_until_disarmed(pilot):
    pilot.take_off()
    pilot.step(DEAD_MAN_MS + 1)
    pilot.place((0.0, 0.0, 0.02))
    modes, motors = pilot.step()
    assert modes == ["landed"]
    assert not motors.any()
    pilot.send(SETPOINT_POSITION, (0.0, 0.0, 1.0))
    modes, motors = pilot.step(1000, keep_alive=True)
    assert set(modes) == {"landed"}
    assert not motors.any()
    pilot.armed = False
    assert pilot.step()[0] == ["off"]


def test_the_dead_man_stops_on_something_higher_than_the_start(pilot):
    pilot.take_off()
    modes, _ = pilot.step(DEAD_MAN_MS + 3000)
    # The robot does not move: it stands on something while the point sinks by 0.5 m in 1.7 s.
    assert modes.index("landed") == pytest.approx(DEAD_MAN_MS + 1667, abs=20)


def test_the_dead_man_descent_is_limited_in_time(pilot):
    pilot.take_off()
    pilot.controller.estimate.velocity_w[2] = -0.3
    modes, _ = pilot.step(13000)
    assert modes.index("landed") == pytest.approx(DEAD_MAN_MS + 12000, abs=5)


def test_a_host_that_returns_during_the_descent_has_control_again(pilot):
    pilot.take_off()
    pilot.step(DEAD_MAN_MS + 300)
    pilot.send(SETPOINT_POSITION, (0.0, 0.0, 1.0))
    modes, motors = pilot.step(50, keep_alive=True)
    assert set(modes) == {"policy"}
    assert not motors[:, 1].any(), "the policy keeps its memory"


def test_a_stop_setpoint_idles_the_motors(pilot):
    pilot.take_off()
    pilot.send(SETPOINT_STOP)
    modes, motors = pilot.step()
    assert modes == ["idle"]
    assert motors[0] == pytest.approx(IDLE)


@pytest.mark.parametrize("mode", [SETPOINT_POSITION, SETPOINT_VELOCITY, SETPOINT_HOVER])
@pytest.mark.parametrize("field", ["position", "velocity"])
def test_a_setpoint_that_is_no_number_is_not_followed_but_flown_down(pilot, mode, field):
    pilot.take_off()
    pilot.send(mode, **{field: (0.0, math.nan, 0.0)})
    modes, motors = pilot.step(300, keep_alive=True)
    assert set(modes) == {"dead_man"}
    assert np.isfinite(motors).all()
    assert motors.any(axis=1).all()


def test_arming_without_a_position_turns_no_motor(pilot):
    pilot.place((math.nan, 0.0, 0.0))
    pilot.armed = True
    modes, motors = pilot.step(600)
    assert set(modes) == {"policy_fault"}
    assert not motors.any()
    pilot.place()
    pilot.armed = False
    pilot.step()
    pilot.armed = True
    assert pilot.step()[0] == ["idle"], "a new arming with a position is a new start"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["position_w", "velocity_w", "attitude", "angular_velocity_b"])
def test_an_estimate_that_is_no_number_stops_the_motors_within_a_period(pilot, field, bad):
    pilot.take_off()
    getattr(pilot.controller.estimate, field)[1] = bad
    modes, motors = pilot.step(10, keep_alive=True)
    assert modes[-1] == "policy_fault"
    assert not motors[-1].any()


@pytest.mark.parametrize("corrupt", ["corrupt_policy", "corrupt_command"])
def test_corrupted_memory_stops_the_motors_and_stays_so_until_disarmed(pilot, corrupt):
    pilot.take_off()
    getattr(pilot.controller, corrupt)()
    modes, motors = pilot.step(10, keep_alive=True)
    assert np.isfinite(motors).all(), "not even between two policy steps"
    assert modes[-1] == "policy_fault"
    assert not motors[-1].any()
    modes, motors = pilot.step(500, keep_alive=True)
    assert set(modes) == {"policy_fault"}
    assert not motors.any()
    pilot.armed = False
    assert pilot.step()[0] == ["off"]
    pilot.armed = True
    pilot.place()
    pilot.send(SETPOINT_POSITION)
    assert pilot.step(WARM_UP_MS + 5, keep_alive=True)[0][-1] == "policy"


def test_the_clock_may_wrap(library):
    pilot = Pilot(library, tick=2**32 - WARM_UP_MS - 50)
    pilot.take_off()
    assert set(pilot.step(100, keep_alive=True)[0]) == {"policy"}
    assert pilot.tick > 2**32
    modes, _ = pilot.step(DEAD_MAN_MS)
    assert modes.index("dead_man") == DEAD_MAN_MS - 1


COMMANDS = st.lists(
    st.tuples(
        st.sampled_from(["arm", "disarm", "setpoint", "nothing", "corrupt_policy", "corrupt_command", "move"]),
        st.integers(1, 400),
        st.integers(0, 5),
        st.lists(st.floats(width=32), min_size=3, max_size=3),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(st.booleans(), COMMANDS)
def test_whatever_happens_motors_are_within_limits_and_old_setpoints_are_not_followed(library, aloft, commands):
    pilot = Pilot(library)
    if aloft:
        pilot.take_off()
    for kind, duration, mode, numbers in commands:
        if kind in ("arm", "disarm"):
            pilot.armed = kind == "arm"
        elif kind == "setpoint":
            pilot.send(mode, numbers, numbers)
        elif kind.startswith("corrupt"):
            getattr(pilot.controller, kind)()
        elif kind == "move":
            pilot.place(numbers)
        for _ in range(duration):
            modes, motors = pilot.step()
            assert ((motors >= 0.0) & (motors <= 1.0)).all()
            if not pilot.armed or modes[0] in ("off", "landed", "policy_fault"):
                assert not motors.any()
            if modes[0] == "policy":
                assert pilot.tick - pilot.controller.setpoint.tick_ms < DEAD_MAN_MS


def test_every_kind_of_input_under_sanitizers(tmp_path):
    program = tmp_path / "stress"
    flags = [*STRICT_C99, "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    sources = [HERE / "stress_main.c", SOURCES / "s2m_controller.c", PROBE / "policy.c"]
    subprocess.run([compiler(), *flags, f"-I{PROBE}", f"-I{SOURCES}", *sources, "-lm", "-o", program], check=True)
    done = subprocess.run([program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "ok"), done.stdout + done.stderr


@pytest.mark.toolchain
def test_it_compiles_for_the_microcontroller_without_warnings_or_static_memory(tmp_path):
    target = tmp_path / "s2m_controller.o"
    chip = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O2"]
    command = ["arm-none-eabi-gcc", *STRICT_C99, *chip, f"-I{PROBE}", "-c", SOURCES / "s2m_controller.c", "-o", target]
    subprocess.run(command, check=True)
    sizes = subprocess.run(["arm-none-eabi-size", target], check=True, capture_output=True, text=True).stdout
    text, data, bss = map(int, sizes.splitlines()[1].split()[:3])
    assert (data, bss) == (0, 0)
    assert text < 4096


def test_the_bundle_id_comes_from_the_generated_code(pilot):
    assert pilot.controller.bundle_id == bytes(range(32))


def test_a_folder_without_code_is_refused(tmp_path):
    with pytest.raises(ToolchainError, match="sim2metal export"):
        build_onboard_library(tmp_path, tmp_path / "x.so")


def test_a_policy_with_other_sizes_is_refused_and_nothing_is_written(tmp_path):
    folder = tmp_path / "c"
    folder.mkdir()
    header = (PROBE / "policy.h").read_text().replace("OBSERVATION_SIZE 22", "OBSERVATION_SIZE 23")
    (folder / "policy.h").write_text(header)
    (folder / "policy.c").write_text((PROBE / "policy.c").read_text())
    with pytest.raises(ToolchainError, match="22 observations"):
        build_onboard_library(folder, tmp_path / "x.so")
    assert not (tmp_path / "x.so").exists()


def test_another_library_is_refused(tmp_path):
    path = tmp_path / "x.so"
    path.write_bytes(b"no library")
    with pytest.raises(ToolchainError, match="build it again"):
        OnboardController(path, HOVER)
