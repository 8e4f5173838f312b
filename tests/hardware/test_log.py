"""Logs: what goes in comes out, with other readers too, whole or cut at any byte."""

import io
import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

from hardware.log import RunLog
from hardware.log_reader import read_log, recover_log
from hardware.log_schema import FLIGHT_STEP
from sim.errors import StorageError

METADATA = {"bundle_id": "ab" * 32, "uri": "udp://127.0.0.1:19850"}


def step(number: int, **changes) -> dict:
    record = {
        "time_ns": time.monotonic_ns(),
        "mode": "running",
        "phase": "hold",
        "target": (0.0, 0.0, 0.5, 0.0),
        "setpoint": (0.0, 0.0, 0.5, 0.0),
        "command": (0.4, 0.4, 0.4, 0.4),
        "observation": [0.25, -1.5, float(number)],
        "action": [0.5],
        "reset": int(number == 0),
        "position_w": (0.1 * number, 0.0, 0.5),
        "velocity_w": (0.0, 0.0, 0.0),
        "orientation_wxyz": (1.0, 0.0, 0.0, 0.0),
        "angular_velocity_b": (0.0, 0.0, 0.0),
        "motors": (None,) * 4,
        "battery_v": 3.9,
        "state_age_ms": 4.0,
        "heard_age_ms": 2.0,
        "latency_ms": 3.5,
        "round_trip_ms": None,
        "robot_ms": number,
        "onboard_mode": 2,
        "armed": 1,
    }
    assert set(record) == set(FLIGHT_STEP.fields)
    return record | changes


def write(path: Path, steps: int = 50) -> Path:
    with RunLog(path, METADATA) as log:
        for number in range(steps):
            log.step(step(number))
        log.event(time.monotonic_ns(), "fault", "tilt", safe_action="off")
    return path


def test_what_goes_in_comes_out(tmp_path):
    log = read_log(write(tmp_path / "new" / "flight.mcap"))
    assert log["complete"]
    assert log["metadata"] == METADATA
    assert log["position_w"].shape == (50, 3)
    np.testing.assert_allclose(log["position_w"][:, 0], 0.1 * np.arange(50))
    assert np.isnan(log["motors"]).all()
    assert log["robot_ms"].tolist() == list(range(50))
    assert set(log["mode"]) == {"running"}
    assert np.all(np.diff(log["time_s"]) >= 0.0)
    assert log["events"][0]["data"] == {"safe_action": "off"}


def test_numbers_json_cannot_hold_become_nan(tmp_path):
    with RunLog(tmp_path / "log.mcap", METADATA) as log:
        log.step(step(0, position_w=(math.nan, math.inf, 1.0), state_age_ms=math.inf))
    content = read_log(tmp_path / "log.mcap")
    np.testing.assert_array_equal(content["position_w"], [[np.nan, np.nan, 1.0]])
    assert np.isnan(content["state_age_ms"][0])


def test_the_standard_reader_opens_it_with_schemas(tmp_path):
    with write(tmp_path / "log.mcap").open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        topics = [channel.topic for _, channel, _ in reader.iter_messages()]
        encodings = {schema.encoding for schema in reader.get_summary().schemas.values()}
    assert topics.count("/flight/step") == 50
    assert encodings == {"jsonschema"}


def test_a_log_cut_at_any_byte_recovers_a_prefix(tmp_path):
    path = tmp_path / "log.mcap"
    with RunLog(path, METADATA) as log:
        for number in range(60):
            log.step(step(number))
            time.sleep(0.005)
    data = path.read_bytes()
    saved = []
    for size in np.linspace(len(data) // 10, len(data) - 1, 25, dtype=int):
        cut = tmp_path / f"cut{size}.mcap"
        cut.write_bytes(data[:size])
        content = read_log(cut)
        assert not content["complete"]
        steps = content["robot_ms"].tolist()
        assert steps == list(range(len(steps)))
        saved.append(len(steps))
        if steps:
            recover_log(cut)
            with cut.open("rb") as file:
                assert len(list(make_reader(file).iter_messages(topics=["/flight/step"]))) == len(steps)
    assert saved == sorted(saved)
    assert saved[-1] == 60


def test_a_damaged_chunk_is_left_out(tmp_path):
    path = write(tmp_path / "log.mcap")
    data = bytearray(path.read_bytes())
    data[data.index(b'"robot_ms":20')] ^= 0xFF
    path.write_bytes(data)
    assert read_log(path)["robot_ms"].size < 50


def test_recovery_in_another_file_leaves_the_first(tmp_path):
    path = write(tmp_path / "log.mcap")
    before = path.read_bytes()
    assert recover_log(path, tmp_path / "out.mcap") == 51
    assert path.read_bytes() == before
    assert read_log(tmp_path / "out.mcap")["complete"]


WRITER = """
import sys, time
from tests.hardware.test_log import METADATA, step
from hardware.log import RunLog
log = RunLog(sys.argv[1], METADATA)
for number in range(100000):
    log.step(step(number))
    print(number, time.monotonic(), flush=True)
    time.sleep(0.01)
"""


def test_after_kill_minus_nine_at_most_the_last_fifth_of_a_second_is_missing(tmp_path):
    path = tmp_path / "killed.mcap"
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=root, stdout=subprocess.PIPE, text=True)
    written = [process.stdout.readline() for _ in range(80)]
    process.send_signal(signal.SIGKILL)
    written += process.stdout.readlines()
    process.wait()
    times = {int(number): float(when) for number, when in (line.split() for line in written)}
    steps = read_log(path)["robot_ms"].tolist()
    assert steps == list(range(len(steps)))
    lost = [times[number] for number in times if number >= len(steps)]
    # By the log's own clock, not by how long this machine took: what is missing spans at most 0.2 s
    # of a steady writer, 20 steps.
    assert len(lost) <= 20


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "cannot read"), (b"", "not an MCAP"), (b"hello" * 10, "not an MCAP")]
)
def test_what_is_no_log_is_refused(tmp_path, content, reason):
    path = tmp_path / "log.mcap"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StorageError, match=reason):
        read_log(path)


def test_a_log_without_a_whole_chunk_says_so(tmp_path):
    path = write(tmp_path / "log.mcap")
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(StorageError, match="no whole chunk"):
        recover_log(path)


def test_an_unwritable_folder_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="choose another with --log"):
        RunLog(tmp_path / "file" / "log.mcap", METADATA)


def test_a_full_disk_ends_the_log_not_the_flight(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    log = RunLog(tmp_path / "log.mcap", METADATA)
    log._file.flush()
    os.dup2(os.open("/dev/full", os.O_WRONLY), log._file.fileno())
    for number in range(200):
        log.step(step(number))
    with pytest.raises(StorageError, match=r"incomplete.*free some space"):
        log.close()


def test_a_record_that_cannot_be_written_is_said_at_the_end(tmp_path):
    log = RunLog(tmp_path / "log.mcap", METADATA)
    log.step(step(0))
    log.step(step(1, mode=object()))
    log.step(step(2))
    with pytest.raises(StorageError, match=r"incomplete, .* a record cannot be written"):
        log.close()
    assert read_log(tmp_path / "log.mcap")["complete"] is False


def test_the_reader_keeps_no_file_open(tmp_path):
    path = write(tmp_path / "log.mcap")
    read_log(path)
    assert io.BytesIO(path.read_bytes()).read(8) == b"\x89MCAP0\r\n"


def test_a_disk_that_stalls_costs_steps_and_never_the_loop(tmp_path, monkeypatch):
    """While the writer hangs, the queue fills up, further steps are dropped, and the end says how many."""
    stalled = threading.Event()
    monkeypatch.setattr("hardware.log.QUEUE_SIZE", 20)
    real = RunLog._write
    monkeypatch.setattr(RunLog, "_write", lambda self, item, flush: (stalled.wait(), real(self, item, flush)))
    log = RunLog(tmp_path / "log.mcap", METADATA)
    for number in range(100):
        log.step(step(number))
    assert log.dropped >= 100 - 20 - 1
    stalled.set()
    with pytest.raises(StorageError, match=f"{log.dropped} steps were dropped"):
        log.close()
    assert len(read_log(tmp_path / "log.mcap")["time_ns"]) == 100 - log.dropped
