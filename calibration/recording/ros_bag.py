"""ROS 2 bags (MCAP or SQLite, by rosbags): messages with standard types, on the clock of their stamps.

What a topic means follows from its message type, as ROS's conventions (REP-103, REP-145) have it; where several
topics have the same one, that with most messages counts, and the others are named.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from calibration.recording.clocks import DRIFT_PPM, fit_line
from calibration.recording.raw_log import RawLog, in_order
from sim.errors import ConfigError
from sim.quaternions import rotate
from sim.registry import load_robot, robot_names

Message = tuple[str, str, int, bytes]
"""Topic, message type, time of recording in ns, data (CDR)."""
SQLITE_MAGIC = b"SQLite format 3\x00"
COMMAND_WORDS = ("command", "target", "setpoint", "desired")
"""A topic of joint states with one of these in its name holds what was asked for, not what was measured."""
_OFFSET_S = 1.0
"""Stamps further than this from the recorder's clock are of another clock."""


@dataclass
class _Topic:
    """What one topic held."""

    type: str
    recorded_s: list[float] = field(default_factory=list)
    stamp_s: list[float] = field(default_factory=list)
    rows: dict[str, list[np.ndarray]] = field(default_factory=lambda: defaultdict(list))
    names: tuple[str, ...] = ()
    """Of its joints."""


def read_ros_bag(path: Path, robot: str | None) -> RawLog:
    """Read a bag: its folder, or one of its files.

    Args:
        path: of the bag.
        robot: a name in ``sim/robots``; needed unless the joints' names say it.

    Raises:
        StorageError: if it cannot be read.
        ConfigError: if it holds no message of a known type, or the robot is not known.
    """
    raw = RawLog(robot=robot)
    topics = _collect(path, raw)
    raw.robot = robot or _robot_of(topics)
    if raw.robot is None:
        raise ConfigError(f"{path} does not say which robot it is of: give --robot, one of {', '.join(robot_names())}")
    for stream, found in sorted(_by_stream(topics).items()):
        name, topic = max(found.items(), key=lambda item: len(item[1].recorded_s))
        others = sorted(other for other in found if other != name)
        if others:
            raw.warn(f"{stream}: taken from {name}, not from {', '.join(others)}")
        values = np.array(topic.rows[stream], np.float64)
        if stream.startswith("joint_"):
            columns = in_order(topic.names, load_robot(raw.robot).joint_names, f"topic {name}")
            values = values if columns is None else values[:, columns]
        raw.add(stream, _times(name, topic, raw), values)
    if not raw.streams:
        known = ", ".join(READERS)
        raise ConfigError(f"{path} holds no message of a type that is known here: {known}")
    return raw


def _collect(path: Path, raw: RawLog) -> dict[str, _Topic]:
    from rosbags.serde import SerdeError

    from hardware.ros2.definitions import typestore

    store, topics, broken = typestore(), {}, 0
    for name, kind, recorded_ns, data in _messages(path, raw):
        reader = READERS.get(kind)
        if reader is None:
            continue
        try:
            message: Any = store.deserialize_cdr(data, kind)
        except (SerdeError, ValueError, IndexError, KeyError, UnicodeDecodeError):
            broken += 1
            continue
        topic = topics.setdefault(name, _Topic(kind))
        stamp = getattr(getattr(message, "header", None), "stamp", None)
        topic.recorded_s.append(recorded_ns / 1e9)
        topic.stamp_s.append(0.0 if stamp is None else stamp.sec + stamp.nanosec / 1e9)
        for stream, values in reader(name, message, topic).items():
            topic.rows[stream].append(values)
    if broken:
        raw.warn(f"{broken} messages could not be decoded: left out")
    return topics


def _messages(path: Path, raw: RawLog) -> Iterator[Message]:
    """Yield messages of a bag; one without its index or its metadata is read record by record."""
    from rosbags.highlevel import AnyReader

    if path.is_dir() and (path / "metadata.yaml").exists():
        seen = 0
        try:
            with AnyReader([path]) as reader:
                for connection, recorded_ns, data in reader.messages():
                    seen += 1
                    yield connection.topic, connection.msgtype, recorded_ns, bytes(data)
            return
        # A cut or corrupt bag fails in whichever layer of the library meets it first, with that layer's own error.
        except Exception as error:  # noqa: BLE001
            if seen:
                raw.warn(f"the bag cannot be read to its end ({_first_line(error)}): what came before is read")
                return
            raw.warn(f"the bag's index cannot be read ({_first_line(error)}): read record by record")
    files = sorted(path.glob("*.mcap")) + sorted(path.glob("*.db3")) if path.is_dir() else [path]
    if not files:
        raise ConfigError(f"{path} is no ROS 2 bag: expected a folder with .mcap or .db3 files in it")
    if path.is_dir() and not (path / "metadata.yaml").exists():
        raw.warn("the bag has no metadata.yaml, as after a kill: read record by record")
    for file in files:
        yield from _sqlite(file, raw) if file.read_bytes()[:16] == SQLITE_MAGIC else _mcap(file, raw)


def _mcap(path: Path, raw: RawLog) -> Iterator[Message]:
    from hardware.log_reader import read_content

    content = read_content(path)
    if not content.complete:
        raw.warn(f"{path.name} is cut short: its whole chunks are read")
    for message in content.messages:
        channel = content.channels.get(message.channel_id)
        schema = content.schemas.get(channel.schema_id) if channel else None
        if channel is not None and schema is not None:
            yield channel.topic, schema.name, message.log_time, message.data


def _sqlite(path: Path, raw: RawLog) -> Iterator[Message]:
    """The tables of rosbag2_storage_sqlite3: topics (id, name, type) and messages (topic_id, timestamp, data)."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            rows = database.execute(
                "SELECT name, type, timestamp, data FROM messages"
                " JOIN topics ON topics.id = topic_id ORDER BY messages.id"
            )
            yield from rows
    except sqlite3.Error as error:
        raw.warn(f"{path.name} is damaged ({error}): what came before is read")


def _imu(_name: str, message: Any, _topic: _Topic) -> dict[str, np.ndarray]:
    """``sensor_msgs/Imu``: a covariance that begins with -1 says that the quantity is not there."""
    found = {}
    if message.angular_velocity_covariance[0] != -1.0:
        found["gyro"] = _xyz(message.angular_velocity)
    if message.linear_acceleration_covariance[0] != -1.0:
        found["accelerometer"] = _xyz(message.linear_acceleration)
    attitude = _wxyz(message.orientation)
    if message.orientation_covariance[0] != -1.0 and np.any(attitude):
        found["attitude"] = attitude
    return found


def _pose(_name: str, message: Any, _topic: _Topic) -> dict[str, np.ndarray]:
    pose = message.pose.pose if hasattr(message.pose, "pose") else message.pose
    return {"position": _xyz(pose.position), "attitude": _wxyz(pose.orientation)}


def _odometry(_name: str, message: Any, _topic: _Topic) -> dict[str, np.ndarray]:
    """``nav_msgs/Odometry``: its twist is in the child's frame, here turned into the world."""
    attitude = _wxyz(message.pose.pose.orientation)
    velocity = rotate(attitude, _xyz(message.twist.twist.linear))
    return {"position": _xyz(message.pose.pose.position), "attitude": attitude, "velocity": velocity}


def _joints(name: str, message: Any, topic: _Topic) -> dict[str, np.ndarray]:
    if topic.names and tuple(message.name) != topic.names:
        return {}
    topic.names = tuple(message.name)
    count = len(topic.names)
    if any(word in name.lower() for word in COMMAND_WORDS):
        fields = {"joint_target": message.position}
    else:
        fields = {
            "joint_position": message.position,
            "joint_velocity": message.velocity,
            "joint_torque": message.effort,
        }
    return {stream: np.array(values) for stream, values in fields.items() if len(values) == count}


def _motors(_name: str, message: Any, _topic: _Topic) -> dict[str, np.ndarray]:
    return {"motor_command": np.array(message.normalized)} if len(message.normalized) else {}


def _battery(_name: str, message: Any, _topic: _Topic) -> dict[str, np.ndarray]:
    return {"battery": np.array([message.voltage])}


READERS: dict[str, Callable[[str, Any, _Topic], dict[str, np.ndarray]]] = {
    "sensor_msgs/msg/Imu": _imu,
    "geometry_msgs/msg/PoseStamped": _pose,
    "geometry_msgs/msg/PoseWithCovarianceStamped": _pose,
    "nav_msgs/msg/Odometry": _odometry,
    "sensor_msgs/msg/JointState": _joints,
    "actuator_msgs/msg/Actuators": _motors,
    "sensor_msgs/msg/BatteryState": _battery,
}
"""By message type: what a message says of which streams."""


def _by_stream(topics: dict[str, _Topic]) -> dict[str, dict[str, _Topic]]:
    found: dict[str, dict[str, _Topic]] = defaultdict(dict)
    for name, topic in topics.items():
        for stream, rows in topic.rows.items():
            if len({len(row) for row in rows}) == 1 and len(rows) == len(topic.recorded_s):
                found[stream][name] = topic
    return found


def _times(name: str, topic: _Topic, raw: RawLog) -> np.ndarray:
    """When a topic's messages were measured, on the recorder's clock: their stamps on the line to that clock."""
    recorded, stamp = np.array(topic.recorded_s), np.array(topic.stamp_s)
    if not np.all(stamp > 0.0):
        return recorded
    line = fit_line(stamp - stamp[0], recorded - stamp[0])
    if abs(line.offset_s) < _OFFSET_S and abs(line.drift) * 1e6 < DRIFT_PPM:
        return stamp  # the same clock: what is between is the way to the recorder
    raw.warn(
        f"{name}: its stamps are of another clock than the recorder's ({line.offset_s:+.3f} s,"
        f" {1e6 * line.drift:+.0f} ppm): put on the recorder's"
    )
    return stamp[0] + line.ours(stamp - stamp[0])


def _robot_of(topics: dict[str, _Topic]) -> str | None:
    """The robot whose joints these are."""
    for topic in topics.values():
        for robot in robot_names():
            names = load_robot(robot).joint_names
            if names and set(names) <= set(topic.names):
                return robot
    return None


def _xyz(vector: Any) -> np.ndarray:
    return np.array([vector.x, vector.y, vector.z])


def _wxyz(quaternion: Any) -> np.ndarray:
    return np.array([quaternion.w, quaternion.x, quaternion.y, quaternion.z])


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:120]
