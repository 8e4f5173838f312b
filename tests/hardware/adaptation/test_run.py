"""``run --adapt`` and ``--adapted``: whole flights in MuJoCo behind the supervisor, the file, and what is refused."""

import dataclasses
import json

import numpy as np
import pytest

from hardware import deploy
from hardware.adaptation.correction import SetpointCorrection
from hardware.adaptation.pilot import AdaptingPilot
from hardware.behaviour import Mode
from hardware.faults import Fault
from hardware.flying.behaviour import FlightBehaviour
from hardware.flying.job import one_lap
from hardware.flying.observation import FlightObservation
from hardware.log_reader import read_log
from hardware.pilot import HostPilot, OnboardPilot
from hardware.supervisor import Supervisor
from policies.runtime import OnnxPolicy
from sim.errors import ConfigError, FlightAbortedError
from sim.trajectories import parse_trajectory
from tests.hardware.samples import HEALTHY

SHORT = {"settle": 0.0, "dwell": 0.0, "step": 0.0, "serial": "v1"}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for module in ("correction", "session"):
        monkeypatch.setattr(f"hardware.adaptation.{module}.WINDOW_S", 1.0)


def fly(bundle, folder, uri="sim://crazyflie", **options):
    log = folder / "flight.mcap"
    result = deploy.run(deploy.Args(bundle.path, uri=uri, log=log, **{"hold": 3.0, **SHORT, **options}))
    return result["flight"], read_log(log)


def test_what_is_learnt_is_kept_gone_on_with_and_dropped_when_the_supervisor_acts(pd_bundle, tmp_path):
    path = tmp_path / "adapt.json"
    flown, log = fly(pd_bundle, tmp_path, adapt=path)
    assert flown["completed"]
    learnt = json.loads(path.read_text())
    whose = pd_bundle.id, "crazyflie", "v1", "hold", 1
    assert tuple(learnt[name] for name in ("bundle_id", "robot", "serial", "flown", "flights")) == whose
    assert learnt["began"] == learnt["changed"]
    assert 15 <= learnt["steps"] <= 21
    running = log["mode"] == "running"
    moved = np.abs(log["observation"][:, :3] - (log["position_w"] - log["setpoint"][:, :3])).max(axis=1) > 1e-4
    assert moved[running][120:290].mean() > 0.9  # two of three seconds in the hold
    assert not moved[running][:95].any()
    assert not moved[log["mode"] == "landing"].any()

    # The next flight goes on where this one ended, and loses what it learnt when the supervisor acts.
    with pytest.raises(FlightAbortedError) as caught:
        fly(pd_bundle, tmp_path, "sim://crazyflie?fault=low-battery@flying+1.9", adapt=path)
    adaptation = caught.value.result["flight"]["adaptation"]
    assert "low_battery" in adaptation["notes"][0]
    assert adaptation["given_up"]
    again = json.loads(path.read_text())
    assert again["flights"] == 2
    assert again["began"] == learnt["began"]
    assert again["axes"] == learnt["axes"]
    assert again["reach_m"] == learnt["reach_m"]

    for options, words in {("serial", "v2"): "serial number", ("trajectory", "circle:period=8"): "flight"}.items():
        with pytest.raises(ConfigError, match=f"learnt for {words}"):
            fly(pd_bundle, tmp_path, adapt=path, **dict([options]))
    for name, value in {"reach_m": [9.0, 0.0, 0.0], "axes": learnt["axes"][:2], "flights": None}.items():
        path.write_text(json.dumps({**learnt, name: value}))
        with pytest.raises(ConfigError, match="damaged"):
            fly(pd_bundle, tmp_path, adapt=path)


@pytest.mark.slow
def test_flights_go_on_learning_and_what_is_frozen_stays(pd_bundle, tmp_path):
    path, steps = tmp_path / "adapt.json", []
    for _ in range(2):
        fly(pd_bundle, tmp_path, adapt=path)
        steps.append(json.loads(path.read_text())["steps"])
    assert 25 <= steps[1] - steps[0] <= 31
    before = path.read_bytes()
    frozen, log = fly(pd_bundle, tmp_path, adapted=path)
    assert frozen["adaptation"]["steps"] == steps[1]
    assert path.read_bytes() == before
    assert replay_errors(pd_bundle, log) == 0.0


def replay_errors(bundle, log):
    """Largest difference between what the policy did and what it does with what the log says that it saw."""
    policy, worst = OnnxPolicy(bundle).single(), 0.0
    for step in np.flatnonzero(np.isfinite(log["action"]).all(axis=1)):
        if log["reset"][step]:
            policy.reset()
        worst = max(worst, np.abs(policy.step(log["observation"][step]) - log["action"][step].astype(np.float32)).max())
    return worst


def test_a_policy_on_board_or_here_aims_beside_and_stays_in_the_supervisors_box(pd_bundle):
    supervisor = Supervisor(FlightBehaviour(pd_bundle.info.limits))
    supervisor.behaviour.begin()
    supervisor.mode = Mode.RUNNING
    correction = SetpointCorrection(0.01)
    correction.begin_from(np.full(3, 0.3), 10.0)
    for axis in correction.axes:
        axis.actor.parameters[-1] = 3.0
    told = []
    pilot = AdaptingPilot(OnboardPilot(), supervisor, correction, (0.0, np.inf), told.append)
    high = supervisor.behaviour.envelope.high

    def command(reference, **seen):
        for _ in range(60):
            sent = pilot.command(reference, dataclasses.replace(HEALTHY, **seen))
        return np.array(sent)

    sent = command((0.5, 0.0, 1.0, 0.1), position_w=(0.5, 0.0, 1.0))
    assert (sent[:3] - (0.5, 0.0, 1.0) > 0.1).all()
    assert (sent[:3] - (0.5, 0.0, 1.0) < 0.3 + 1e-9).all()
    assert sent[3] == 0.1
    edge = (high[0], high[1] - 0.05, high[2], 0.0)
    assert command(edge, position_w=edge[:3])[:3] == pytest.approx(high[:3])
    host = HostPilot(OnnxPolicy(pd_bundle), FlightObservation(pd_bundle.info))
    pilot = AdaptingPilot(host, supervisor, correction, (0.0, np.inf), told.append)
    command((0.5, 0.0, 1.0, 0.1), position_w=(0.5, 0.0, 1.0))
    assert ((pilot.observation[:3] < -0.1) & (pilot.observation[:3] >= -0.3)).all()  # it is told to go there
    pilot = AdaptingPilot(OnboardPilot(), supervisor, correction, (0.0, np.inf), told.append)
    supervisor.mode = Mode.LANDING
    assert (command(edge, position_w=edge[:3]) == edge).all()
    supervisor.mode, supervisor.faults = Mode.RUNNING, [_Noted(Fault.TILT)]
    assert (command(edge, position_w=edge[:3]) == edge).all()
    assert len(told) == 1
    assert "tilt" in told[0]


class _Noted:
    def __init__(self, fault):
        self.fault = fault


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"uri": "radio://0/80/2M/E7E7E7E7E7", "adapt": "a.json"}, "virtual robots only"),
        ({"uri": "serial:///dev/ttyACM0", "adapted": "a.json"}, "virtual robots only"),
        ({"adapt": "a.json", "adapted": "a.json"}, "one of the two"),
        ({"adapted": "none.json"}, "no such file"),
        ({"adapt": "a.json", "hold": 1.0}, "1 s to measure"),
        ({"adapt": "text.json"}, "cannot be read"),
        ({"adapt": "other.json"}, "not a file of"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_before_anything_moves(pd_bundle, tmp_path, options, words):
    (tmp_path / "text.json").write_text("{")
    (tmp_path / "other.json").write_text("{}")
    paths = {name: tmp_path / value for name, value in options.items() if name.startswith("adapt")}
    with pytest.raises(ConfigError, match=words) as caught:
        fly(pd_bundle, tmp_path, **{**options, **paths})
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "flight.mcap").exists()


@pytest.mark.parametrize(
    ("course", "kind"),
    [
        ("figure8:period=16,laps=20", "figure8:period=16"),
        ("circle:laps=3,radius=1", "circle:radius=1"),
        ("figure8:laps=3", "figure8"),
        ("figure8", "figure8"),
    ],
)
def test_the_same_course_for_longer_is_the_same_kind_of_flight(course, kind):
    assert one_lap(course) == kind


def test_a_closed_course_is_flown_as_often_as_is_asked_for():
    two, five = (parse_trajectory(f"figure8:period=4{laps}") for laps in ("", ",laps=5"))
    assert five.duration_s - five.settle_s == 5 * 4.0
    assert two.duration_s - two.settle_s == 2 * 4.0
    np.testing.assert_array_equal(five.sample([7.0]).position_w, two.sample([7.0]).position_w)
    with pytest.raises(ConfigError, match="laps"):
        parse_trajectory("figure8:laps=0")


def test_legs_have_nothing_to_correct(pose_bundle, tmp_path):
    with pytest.raises(ConfigError, match="robots that fly"):
        deploy.run(deploy.Args(pose_bundle.path, uri="sim://g1", adapt=tmp_path / "a.json"))
