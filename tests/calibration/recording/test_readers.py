import numpy as np
import pytest

from calibration.recording.crazyflie_csv import decompress_quaternion, euler_to_quaternion
from calibration.recording.read import read_recording
from calibration.recording.suspicions import examine
from sim.errors import ConfigError, Sim2MetalError, StorageError
from sim.quaternions import rotate
from tests.support.log_writers import write_crazyflie_csv, write_project_log, write_px4_ulog, write_ros_bag
from tests.support.recorded_flights import Sensors, fly


@pytest.fixture(scope="module")
def short():
    """A flight of 8 s without lost rows."""
    return fly(1, 8.0, seed=2, sensors=Sensors(lost=0.0))[0]


def same(ours, theirs, tolerance, shift_s=0.0):
    """Compare the streams at the same times."""
    at = theirs.time_s - theirs.time_s[0]
    assert len(ours) == len(theirs)
    assert np.abs(ours.time_s - ours.time_s[0] - at).max() < 2e-3 + shift_s
    assert np.abs(ours.values - theirs.values).max() < tolerance


def test_the_projects_own_log(short, tmp_path):
    log = read_recording(write_project_log(tmp_path / "a.mcap", short, lambda s: 100.0 + (1.0 - 1e-3) * s))
    assert (log.robot, log.serial) == ("crazyflie", short.serial)
    for name in ("gyro", "position", "velocity", "attitude", "motor_command"):
        same(log.streams[name], short.streams[name], 1e-4)
    assert log.warnings == ("the robot's clock drifts by -999 ppm against the host's: put on the host's",) or any(
        "the robot's clock drifts by -1" in text for text in log.warnings
    )
    assert examine(log).names == ()


def test_the_projects_own_log_cut_short(short, tmp_path):
    whole = read_recording(write_project_log(tmp_path / "a.mcap", short))
    log = read_recording(write_project_log(tmp_path / "b.mcap", short, close=False))
    assert 0.4 * whole.duration_s < log.duration_s < 0.8 * whole.duration_s
    assert "the log is cut short after" in log.warnings[0]


def test_crazyflie_blocks(short, tmp_path):
    log = read_recording(write_crazyflie_csv(tmp_path / "blocks", short))
    for name in ("gyro", "accelerometer", "position", "velocity", "attitude", "motor_command"):
        same(log.streams[name], short.streams[name], 1e-4)
    assert log.warnings == ()
    assert examine(log).names == ()
    alone = read_recording(tmp_path / "blocks" / "gyro.csv", serial="cf07")
    assert (list(alone.streams), alone.serial) == (["gyro"], "cf07")


def test_a_crazyflie_block_cut_in_a_line(short, tmp_path):
    path = write_crazyflie_csv(tmp_path / "blocks", short) / "gyro.csv"
    path.write_text(path.read_text()[: path.stat().st_size // 2])
    log = read_recording(path)
    assert log.warnings == ("gyro.csv: its last line is cut",)
    assert log.duration_s == pytest.approx(4.0, abs=0.3)


def test_the_firmwares_angles_and_compressed_quaternions():
    rng = np.random.default_rng(0)
    # Nose up by 30 degrees: body x points up; rolled by 20 degrees: body y points up, to the left.
    up = rotate(euler_to_quaternion(np.array([[0.0, 30.0, 0.0]])), np.array([[1.0, 0.0, 0.0]]))
    assert np.allclose(up, [[np.cos(np.radians(30)), 0.0, 0.5]])
    left = rotate(euler_to_quaternion(np.array([[20.0, 0.0, 0.0]])), np.array([[0.0, 1.0, 0.0]]))
    assert np.allclose(left, [[0.0, np.cos(np.radians(20)), np.sin(np.radians(20))]])
    ahead = rotate(euler_to_quaternion(np.array([[0.0, 0.0, 90.0]])), np.array([[1.0, 0.0, 0.0]]))
    assert np.allclose(ahead, [[0.0, 1.0, 0.0]])
    wxyz = rng.standard_normal((500, 4))
    wxyz /= np.linalg.norm(wxyz, axis=1, keepdims=True)
    packed = []
    for q in wxyz[:, [1, 2, 3, 0]]:  # quatcompress.h: x first
        largest = int(np.abs(q).argmax())
        word = largest
        for i in range(4):
            if i != largest:
                sign = int((q[i] < 0) != (q[largest] < 0))
                word = (word << 10) | (sign << 9) | int(511 * abs(q[i]) / np.sqrt(0.5) + 0.5)
        packed.append([word])
    again = decompress_quaternion(np.array(packed, np.float64))
    assert np.abs(np.abs((again * wxyz).sum(axis=1)) - 1.0).max() < 1e-5


@pytest.mark.parametrize("factor", [0.0, 0.3])
def test_px4_logs(short, tmp_path, factor):
    log = read_recording(write_px4_ulog(tmp_path / "a.ulg", short, factor), robot="crazyflie")
    for name in ("gyro", "accelerometer", "position", "motor_command"):
        same(log.streams[name], short.streams[name], 1e-4)
    turned = np.abs((log.streams["attitude"].values * short.streams["attitude"].values).sum(axis=1))
    assert turned.min() > 1.0 - 1e-6
    assert examine(log).names == ()


def test_a_px4_log_cut_short(short, tmp_path):
    path = write_px4_ulog(tmp_path / "a.ulg", short)
    size = path.stat().st_size * 3 // 5
    path.write_bytes(path.read_bytes()[:size])
    log = read_recording(path, robot="crazyflie")
    assert f"the file is cut short at {size} bytes: what was written before is read" in log.warnings
    assert 3.5 < log.duration_s < 6.0


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_ros_bags(short, tmp_path, storage):
    log = read_recording(write_ros_bag(tmp_path / "bag", short, storage), robot="crazyflie")
    for name in ("gyro", "accelerometer", "position", "attitude", "motor_command"):
        same(log.streams[name], short.streams[name], 1e-6)
    assert log.warnings == ()
    assert examine(log).names == ()


def test_stamps_of_another_clock_are_put_on_the_recorders(short, tmp_path):
    log = read_recording(write_ros_bag(tmp_path / "bag", short, stamp_offset_s=35.0, stamp_drift=5e-4), "crazyflie")
    same(log.streams["gyro"], short.streams["gyro"], 1e-6)
    assert any(
        text.startswith("/imu: its stamps are of another clock than the recorder's (+34.98") for text in log.warnings
    )


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_bag_without_its_metadata_is_read_record_by_record(short, tmp_path, storage):
    folder = write_ros_bag(tmp_path / "bag", short, storage)
    (folder / "metadata.yaml").unlink()
    log = read_recording(folder, robot="crazyflie")
    assert log.warnings == ("the bag has no metadata.yaml, as after a kill: read record by record",)
    same(log.streams["gyro"], short.streams["gyro"], 1e-6)
    (file,) = [*folder.glob("*.mcap"), *folder.glob("*.db3")]
    same(read_recording(file, robot="crazyflie").streams["position"], short.streams["position"], 1e-6)


def outcome(path):
    """Return the recording, or the refusal."""
    try:
        return read_recording(path, robot="crazyflie"), None
    except Sim2MetalError as error:
        return None, error


@pytest.mark.parametrize("name", ["a.mcap", "blocks", "a.ulg", "bag"])
def test_damaged_logs_are_read_in_part_or_refused_in_a_line(short, tmp_path, name):
    path = tmp_path / name
    writers = {
        "a.mcap": write_project_log,
        "blocks": write_crazyflie_csv,
        "a.ulg": write_px4_ulog,
        "bag": write_ros_bag,
    }
    writers[name](path, short)
    files = sorted(file for file in (path.iterdir() if path.is_dir() else [path]))
    rng = np.random.default_rng(0)
    for _ in range(8):
        target = files[int(rng.integers(len(files)))]
        kept = target.read_bytes()
        damaged = bytearray(kept[: int(rng.integers(1, len(kept)))] if rng.random() < 0.5 else kept)
        for place in rng.integers(0, len(damaged), 20):
            damaged[int(place)] = int(rng.integers(256))
        target.write_bytes(bytes(damaged))
        log, refusal = outcome(path)
        if log is not None:
            assert all(np.isfinite(stream.values).all() for stream in log.streams.values())
            assert log.duration_s < 9.0 or log.warnings
            examine(log)
        assert "\n" not in str(refusal)
        target.write_bytes(kept)


def test_what_is_no_log_is_refused(tmp_path):
    with pytest.raises(StorageError, match="no such log"):
        read_recording(tmp_path / "missing.mcap")
    other = tmp_path / "notes.txt"
    other.write_text("hello, this is not a log at all")
    with pytest.raises(ConfigError, match="is no log of a kind that is known here"):
        read_recording(other)
    table = tmp_path / "a.csv"
    table.write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match="no column 'Timestamp'"):
        read_recording(table)
    table.write_text("Timestamp,radio.rssi\n1,2\n2,3\n")
    with pytest.raises(ConfigError, match="no log variables of a Crazyflie that are known here"):
        read_recording(table)


def test_a_log_of_another_robot_is_refused(short, tmp_path):
    path = write_project_log(tmp_path / "a.mcap", short)
    with pytest.raises(ConfigError, match="is a log of robot 'crazyflie', not of 'x500'"):
        read_recording(path, robot="x500")
    with pytest.raises(ConfigError, match="with serial number cf00, not cf01"):
        read_recording(path, serial="cf01")
