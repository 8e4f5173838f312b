"""The feed: who gets which pose, at what rate, what is refused and said, and what a source that breaks does."""

import dataclasses
import itertools
import threading
import time
from collections import Counter

import pytest

from hardware.mocap.feed import PoseFeed
from hardware.mocap.frame import MocapFrame, RigidBody
from hardware.virtual.mocap.tracking import TrackingSystem
from sim.errors import LinkError
from tests.hardware.mocap.system import standing
from tests.hardware.samples import HEALTHY, rolled

LEVEL = (1.0, 0.0, 0.0, 0.0)


class Script:
    """A source that plays frames, then waits; an exception among them is raised."""

    def __init__(self, *frames):
        self.refused = Counter()
        self._frames = iter(frames)
        self.over, self.closed = threading.Event(), False

    def open(self):
        pass

    def close(self):
        self.closed = True

    def receive(self, timeout_s):
        item = next(self._frames, None)
        if isinstance(item, Exception):
            self.over.set()
            raise item
        if item is None:
            self.over.set()
            time.sleep(0.001)
        return item


class Robot:
    """A sink."""

    def __init__(self, lost=False):
        self.poses, self.lost = [], lost

    def read(self):
        return dataclasses.replace(HEALTHY, armed=False)

    def send_external_pose(self, position_w, orientation_wxyz=None):
        if self.lost:
            raise LinkError("gone")
        self.poses.append(position_w)


def frames(count, rate_hz=100.0, names=("cf1", "cf2"), z=0.0, orientation=LEVEL):
    """Frames that end now, body i at x = i."""
    start = time.monotonic_ns()
    for number in range(count):
        bodies = tuple(RigidBody(name, (float(i), 0.0, z), orientation) for i, name in enumerate(names))
        at_ns = start - round((count - number) * 1e9 / rate_hz)
        yield MocapFrame(at_ns, bodies, number, number / rate_hz)


def play(items, robots, **options):
    source = Script(*items)
    with PoseFeed(source, "script", robots, **options) as feed:
        assert source.over.wait(5.0)
        time.sleep(0.01)
    assert source.closed
    return feed


def test_every_robot_gets_the_poses_of_its_body():
    robots = {"cf2": Robot(), "cf1": Robot()}
    feed = play(frames(60), robots)
    assert set(robots["cf1"].poses) == {(0.0, 0.0, 0.0)}
    assert set(robots["cf2"].poses) == {(1.0, 0.0, 0.0)}
    assert len(robots["cf1"].poses) == 60
    good, words = feed.verdict("cf1")
    assert good, words
    assert "100 Hz" in words


def test_no_robot_gets_more_than_its_radio_can_carry():
    robots = {"cf1": Robot()}
    play(frames(200, rate_hz=400.0), robots, most_per_s=50.0)
    assert 20 <= len(robots["cf1"].poses) <= 30, "half a second at 50 Hz"


def test_a_robot_whose_link_is_gone_takes_no_pose_from_the_others():
    robots = {"cf1": Robot(lost=True), "cf2": Robot()}
    play(frames(60), robots)
    assert len(robots["cf2"].poses) == 60


def test_two_bodies_of_one_name_are_nobodys():
    robots = {"cf1": Robot()}
    feed = play(frames(60, names=("cf1", "cf1")), robots)
    assert not robots["cf1"].poses
    assert "two bodies of this name" in feed.verdict("cf1")[1]


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([], "no frame arrives"),
        (frames(60, names=("other",)), "streams no body 'cf1' (it streams: other)"),
        (frames(20, rate_hz=10.0), "needs 30 Hz"),
        (frames(60, z=3.0), "add ?up=y"),
        (frames(60, orientation=rolled(0.5)), "tilted by 29 degrees"),
        (frames(60, orientation=(2.0, 0.0, 0.0, 0.0)), "refused: orientation that is no unit quaternion"),
        ([LinkError("the server is gone")], "the server is gone"),
        ([ZeroDivisionError("oops")], "internal error: ZeroDivisionError"),
    ],
)
def test_the_checks_say_what_is_missing(items, words):
    good, said = play(items, {"cf1": Robot()}).verdict("cf1")
    assert not good
    assert words in said
    assert "\n" not in said


def test_a_stream_that_stopped_is_told_from_a_body_that_is_not_seen():
    old = [dataclasses.replace(frame, received_ns=frame.received_ns - 2_000_000_000) for frame in frames(60)]
    assert "no frame for 2" in play(old, {"cf1": Robot()}).verdict("cf1")[1]
    blind = [dataclasses.replace(frame, number=60 + frame.number, bodies=(), time_s=None) for frame in frames(60)]
    assert "does not see 'cf1'" in play(itertools.chain(old, blind), {"cf1": Robot()}).verdict("cf1")[1]


def test_faults_of_the_virtual_system():
    robots = [standing(0.0), standing(1.0)]
    system = TrackingSystem(robots)
    one, two = robots[0].sighting, robots[1].sighting

    def now(at_ms):
        return {body.name: body for frame in system.advance(at_ms) for body in frame.bodies}

    assert set(now(0)) == {"cf1", "cf2"}
    one.occluded = True
    assert set(now(10)) == {"cf2"}
    one.occluded, one.swapped_with, two.swapped_with = False, 1, 0
    assert now(20)["cf1"].position_w[0] == pytest.approx(1.0, abs=0.01)
    one.swapped_with = two.swapped_with = None
    one.jump_m, one.flip_deg = 0.5, 180.0
    seen = now(30)["cf1"]
    assert seen.position_w[0] == pytest.approx(0.5, abs=0.01)
    assert abs(seen.orientation_wxyz[3]) == pytest.approx(1.0, abs=0.01)
    two.stalled = True
    assert now(40) == {}
    two.stalled, one.late_ms = False, 50.0
    assert now(50) == {}
    assert now(100), "50 ms later"
