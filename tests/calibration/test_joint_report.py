"""The report of a run on joints, from a log that a real session wrote through the control loop."""

import pytest

from calibration import report
from calibration.reporting.record import JointRecord, load_record
from hardware.clock import NS
from hardware.deploy import Args
from hardware.joints.job import JointJob
from hardware.link import LinkHealth
from hardware.log import RunLog
from hardware.operator_signals import OperatorSignals
from hardware.states import JointState
from policies.runtime import OnnxPolicy
from sim.errors import ConfigError


class FollowingLink:
    """A robot whose joints follow their targets at once, on a clock that the loop moves."""

    uri, level, command_names = "sim://test", "joint_position", ()

    def __init__(self, pose, falls_at_s=None):
        self.clock = self
        self.now = 0
        self.pose = tuple(pose)
        self.armed = False
        self.falls_at_s = falls_at_s

    def now_ns(self):
        return self.now

    def sleep_until(self, deadline_ns):
        self.now = max(self.now, deadline_ns)

    def read(self):
        n = len(self.pose)
        fallen = self.falls_at_s is not None and self.now > self.falls_at_s * NS
        return JointState(
            self.now, self.now // 10**6, self.pose, (0.0,) * n, (3.0,) * n, (40.0,) * n,
            (0.6, 0.8, 0.0, 0.0) if fallen else (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 52.0, self.armed,
        )  # fmt: skip

    def health(self):
        return LinkHealth(True, self.now)

    def write(self, command):
        self.pose = tuple(command)

    def request_arm(self, armed):
        self.armed = armed

    def safe_stop(self, action):
        self.armed &= action != "off"


@pytest.fixture(scope="module")
def policy(pose_bundle):
    return OnnxPolicy(pose_bundle)


def session(policy, path, **options):
    job = JointJob(Args(policy.bundle.path, hold=2.0), policy)
    names = " ".join(policy.bundle.info.robot.joint_names)
    link = FollowingLink([angle + 0.1 for angle in policy.bundle.info.action.nominal], **options)
    with RunLog(path, {"uri": link.uri, "joint_names": names}, job.schema, link.clock) as log:
        record = job.loop(link, log, OperatorSignals()).run()
    return job.result(record)


def test_a_session_goes_through_ramp_policy_and_damping(policy, tmp_path):
    figures = session(policy, tmp_path / "run.mcap")
    assert figures["completed"]
    assert figures["max_tilt_deg"] == 0.0
    assert figures["hottest_c"] == 40.0
    record = load_record(tmp_path / "run.mcap")
    assert isinstance(record, JointRecord)
    modes = list(dict.fromkeys(phase.mode for phase in record.phases))
    assert modes == ["checking", "arming", "ramp", "running", "damping", "off"]
    assert record.target.shape == record.position.shape == (len(record.time_s), policy.action_size)


def test_a_fall_damps(policy, tmp_path):
    figures = session(policy, tmp_path / "run.mcap", falls_at_s=3.5)
    assert not figures["completed"]
    assert (figures["faults"][0]["fault"], figures["faults"][0]["safe_action"]) == ("tilt", "damp")


def test_the_page_shows_the_joints_by_name(policy, tmp_path):
    session(policy, tmp_path / "run.mcap", falls_at_s=3.5)
    result = report.run(report.Args(tmp_path / "run.mcap"))
    page = (tmp_path / "run.html").read_text()
    assert result["report"] == str(tmp_path / "run.html")
    assert 'aria-label="joint-over-time"' in page
    joints = [name.removesuffix("_joint").replace("_", " ") for name in policy.bundle.info.robot.joint_names]
    assert sum(joint in page for joint in joints) >= 4, "the joints with most to show, by name"
    assert ">tilt" in page.replace("\n", "")
    with pytest.raises(ConfigError, match="needs a flight log"):
        report.run(report.Args(tmp_path / "run.mcap", picture=tmp_path / "still.png"))
