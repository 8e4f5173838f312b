"""``calibrate sensors`` from a virtual robot's log to a table and a picture."""

import numpy as np
import pytest

from calibration.verb import Args
from calibration.verbs.collect import Collect
from calibration.verbs.sensors import Sensors
from hardware.virtual.joints.sensors import ENCODER_STD_RAD, GYRO_STD_RAD_S, SPEED_STD_RAD_S
from sim.errors import ConfigError


@pytest.fixture(scope="module")
def rest(tmp_path_factory):
    path = tmp_path_factory.mktemp("rest") / "rest.mcap"
    Args(Collect("go1", "sim://go1?held=1", log=path, kind="rest", duration=15.0)).command.run()
    return path


def test_the_noise_of_a_virtual_robot_is_found_and_drawn(rest, tmp_path):
    picture = tmp_path / "allan.png"
    result = Args(Sensors(rest, figure=picture)).command.run()
    for name, std in (
        ("gyro", GYRO_STD_RAD_S), ("joint_position", ENCODER_STD_RAD), ("joint_velocity", SPEED_STD_RAD_S),
    ):  # fmt: skip
        for axis in result["sensors"][name]:
            assert axis["sample_std"] == pytest.approx(std, rel=0.05)
            assert axis["values"]["noise_density"] == pytest.approx(std / np.sqrt(axis["rate_hz"]), rel=0.05)
    claimed = [axis["values"].keys() for each in result["sensors"].values() for axis in each]
    assert sum(len(keys) - 1 for keys in claimed) <= 3  # of 54: there is white noise only
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert abs(result["link"]["drift_ppm"]) < 1.0
    assert result["link"]["offset_s"] is None


def test_a_picture_of_no_kind_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(ConfigError, match=r"\.png, \.svg or \.pdf"):
        Sensors(tmp_path / "none.mcap", figure=tmp_path / "x.gif").run()


def test_a_log_without_sensors_is_refused(tmp_path):
    path = tmp_path / "battery.csv"
    path.write_text("timestamp,pm.vbat\n" + "".join(f"{10 * k},4.0\n" for k in range(50)))
    with pytest.raises(ConfigError):
        Sensors(path, robot="crazyflie").run()
