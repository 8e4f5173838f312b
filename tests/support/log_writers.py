"""Write a recording as each kind of log that is read, in that kind's own units, frames and clocks."""

import math
import time

import numpy as np

from hardware.log import RunLog
from sim.quaternions import conjugate, multiply
from tests.support.ulog_writer import table, ulog_bytes


def write_project_log(path, recording, robot_clock=lambda s: s, lag_s=0.004, close=True):
    """Write an MCAP log of ``sim2metal run``: every state as it was, on the robot's clock in ms."""
    start_ns = time.monotonic_ns()
    pose, streams = recording.streams["attitude"], recording.streams

    def at(name, now):
        rows = streams[name]
        return rows.values[min(np.searchsorted(rows.time_s, now), len(rows) - 1)].tolist()

    log = RunLog(path, {"robot": recording.robot, "serial": recording.serial or ""})
    for step, now in enumerate(pose.time_s):
        if not close and step % 200 == 0:
            time.sleep(0.12)  # a chunk is handed over every 0.1 s
        log.step(
            {
                "time_ns": start_ns + round((now + lag_s) * 1e9),
                "mode": "running",
                "phase": "hold",
                "command": [0.0, 0.0, 1.0, 0.0],
                "setpoint": [0.0, 0.0, 1.0, 0.0],
                "position_w": at("position", now),
                "velocity_w": at("velocity", now),
                "orientation_wxyz": at("attitude", now),
                "angular_velocity_b": at("gyro", now),
                "motors": [65535.0 * value for value in at("motor_command", now)],
                "battery_v": 3.9,
                "state_age_ms": 1e3 * lag_s,
                "robot_ms": round(1e3 * robot_clock(now)),
                "armed": 1,
            }
        )
    log.close()
    if not close:
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    return path


def write_crazyflie_csv(folder, recording):
    """Write two log blocks as cfclient does: sensors and pose; the robot's clock wraps its 24 bits on the way."""
    scale = {"gyro": 180.0 / math.pi, "accelerometer": 1.0 / 9.80665, "motor_command": 65535.0}
    columns = {
        "gyro": "gyro.x gyro.y gyro.z",
        "accelerometer": "acc.x acc.y acc.z",
        "motor_command": "motor.m1 motor.m2 motor.m3 motor.m4",
        "position": "stateEstimate.x stateEstimate.y stateEstimate.z",
        "velocity": "stateEstimate.vx stateEstimate.vy stateEstimate.vz",
        "attitude": "stateEstimate.qw stateEstimate.qx stateEstimate.qy stateEstimate.qz",
    }
    folder.mkdir(exist_ok=True)
    for stream, names in columns.items():
        if stream not in recording.streams:
            continue
        rows = recording.streams[stream]
        lines = [",".join(["Timestamp", *names.split()])]
        for now, values in zip(rows.time_s, rows.values * scale.get(stream, 1.0)):
            stamp = (round(1e3 * now) + (1 << 24) - 5000) % (1 << 24)
            lines.append(",".join([str(stamp), *(f"{value:.7g}" for value in values)]))
        (folder / f"{stream}.csv").write_text("\n".join(lines) + "\n")
    return folder


def write_px4_ulog(path, recording, factor=0.0):
    """Write PX4's messages in NED and FRD, its motors in its own order."""
    streams = recording.streams
    flip, half = np.array([1.0, -1.0, -1.0]), math.sqrt(0.5)
    ned, frd = (0.0, half, half, 0.0), (0.0, 1.0, 0.0, 0.0)
    attitude = multiply(multiply(conjugate(ned), streams["attitude"].values), conjugate(frd))
    position = streams["position"].values[:, [1, 0, 2]] * [1.0, 1.0, -1.0]
    signal = streams["motor_command"].values[:, [0, 2, 3, 1]]  # front right, rear left, front left, rear right
    command = factor * signal**2 + (1.0 - factor) * signal
    messages = {
        "vehicle_angular_velocity": table(streams["gyro"].time_s, xyz=streams["gyro"].values * flip),
        "sensor_combined": table(
            streams["accelerometer"].time_s, accelerometer_m_s2=streams["accelerometer"].values * flip
        ),
        "vehicle_attitude": table(streams["attitude"].time_s, q=attitude),
        "vehicle_local_position": table(
            streams["position"].time_s, x=position[:, 0], y=position[:, 1], z=position[:, 2]
        ),
        "actuator_motors": table(
            streams["motor_command"].time_s, control=np.pad(command, ((0, 0), (0, 8)), constant_values=np.nan)
        ),
    }
    path.write_bytes(ulog_bytes(messages, {"THR_MDL_FAC": factor}))
    return path


def write_ros_bag(path, recording, storage="mcap", stamp_offset_s=0.0, stamp_drift=0.0):
    """Write Imu, PoseStamped and Actuators with stamps of another clock, if asked."""
    from rosbags.rosbag2 import StoragePlugin, Writer

    from hardware.ros2.definitions import typestore

    store = typestore()
    types = store.types
    begin_s = 1.7e9

    def header(now):
        stamp = begin_s + (now - stamp_offset_s) / (1.0 + stamp_drift)
        return types["std_msgs/msg/Header"](
            types["builtin_interfaces/msg/Time"](int(stamp), round((stamp % 1.0) * 1e9) % 1_000_000_000), ""
        )

    def vector(kind, values):
        return types[f"geometry_msgs/msg/{kind}"](*map(float, values))

    def quaternion(wxyz):
        return vector("Quaternion", np.roll(wxyz, -1))

    unknown = np.array([-1.0] + [0.0] * 8)
    gyro, force = recording.streams["gyro"], recording.streams["accelerometer"]
    pose, position = recording.streams["attitude"], recording.streams["position"]
    motors = recording.streams["motor_command"]

    def rows():
        for i in range(min(len(gyro), len(force))):
            message = types["sensor_msgs/msg/Imu"](
                header(gyro.time_s[i]), quaternion((1.0, 0.0, 0.0, 0.0)), unknown,
                vector("Vector3", gyro.values[i]), np.zeros(9), vector("Vector3", force.values[i]), np.zeros(9),
            )  # fmt: skip
            yield gyro.time_s[i], "/imu", message
        for i in range(min(len(pose), len(position))):
            inner = types["geometry_msgs/msg/Pose"](vector("Point", position.values[i]), quaternion(pose.values[i]))
            yield pose.time_s[i], "/pose", types["geometry_msgs/msg/PoseStamped"](header(pose.time_s[i]), inner)
        for now, values in zip(motors.time_s, motors.values):
            yield now, "/command", types["actuator_msgs/msg/Actuators"](header(now), np.zeros(0), np.zeros(0), values)

    plugin = StoragePlugin.MCAP if storage == "mcap" else StoragePlugin.SQLITE3
    with Writer(path, version=9, storage_plugin=plugin) as writer:
        connections = {}
        for now, topic, message in sorted(rows(), key=lambda row: row[0]):
            kind = message.__msgtype__
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store)
            writer.write(connections[topic], round((begin_s + now) * 1e9), store.serialize_cdr(message, kind))
    return path
