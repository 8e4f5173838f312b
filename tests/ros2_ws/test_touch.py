"""``tactile_node`` on topics: the virtual sensor by its launch file, faults of a camera, a folder of recordings."""

import numpy as np
import pytest
from PIL import Image as Picture

from hardware.virtual.touch.path import HandCommand
from hardware.virtual.touch.sensor import VirtualTouch
from sim.tactile.calibration import Calibration, write_calibration
from sim.tactile.lights import Lamps, default_calibration
from sim.tactile.pads import load_pad
from tests.ros2_ws.conftest import wait_until

DIGIT = load_pad("digit")


@pytest.fixture
def heard(peer):
    """Listens to everything a sensor says."""
    from diagnostic_msgs.msg import DiagnosticArray
    from geometry_msgs.msg import WrenchStamped
    from rclpy.qos import QoSProfile, ReliabilityPolicy
    from sensor_msgs.msg import Image, PointCloud2

    newest = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)

    def listen(namespace):
        kinds = {
            "force_field": PointCloud2, "wrench": WrenchStamped, "image": Image, "difference": Image, "depth": Image,
        }  # fmt: skip
        topics = {name: peer.listen(kind, f"{namespace}/{name}", newest) for name, kind in kinds.items()}
        topics["diagnostics"] = peer.listen(DiagnosticArray, "/diagnostics")
        return topics

    return listen


def stamp(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def taxels(cloud):
    assert [field.name for field in cloud.fields] == ["x", "y", "z", "fx", "fy", "fz", "depth"]
    return np.frombuffer(cloud.data, np.float32).reshape(cloud.width, 7)


def pixels(image):
    kind, channels = {"rgb8": (np.uint8, 3), "32FC1": (np.float32, 1)}[image.encoding]
    array = np.frombuffer(image.data, kind).reshape(image.height, image.width, channels)
    assert image.step == array.strides[0]
    return array


def levels(heard):
    return [(ord(s.level), s.message) for array in heard["diagnostics"] for s in array.status if "tactile" in s.name]


def test_the_launch_brings_pictures_and_newtons(start, heard):
    """Sums of the cloud are the wrench, pictures change where the cloud is deep, one frame has one stamp."""
    topics = heard("/touch")
    program = start("-m", "sim2metal", "ros", "launch", "touch", "pad:=digit", "object:=ball", "seed:=3")
    wait_until(lambda: any(m.wrench.force.z < -0.3 for m in topics["wrench"]), lambda: f"no force:\n{program.output}")
    wait_until(lambda: any(pixels(m).max() > 1e-4 for m in topics["depth"][-3:]), "no depth while pressed")
    wrenches = {stamp(message): message.wrench.force for message in topics["wrench"]}
    pressed = [m for m in topics["force_field"] if stamp(m) in wrenches and wrenches[stamp(m)].z < -0.3]
    assert pressed
    points, force = taxels(pressed[-1]), wrenches[stamp(pressed[-1])]
    assert points.shape == (DIGIT.taxels.count, 7)
    assert points[:, 3:6].sum(axis=0) == pytest.approx([force.x, force.y, force.z], abs=1e-4)
    assert np.allclose(points[:, :2], DIGIT.taxels.positions[:, :2])
    assert np.allclose(points[:, 2], -points[:, 6])
    stamps = [stamp(message) for message in topics["force_field"]]
    assert stamps == sorted(set(stamps))
    by_stamp = {stamp(message): message for message in topics["difference"]}
    both = [m for m in topics["depth"] if stamp(m) in by_stamp and pixels(m).max() > 1e-4]
    assert both
    difference = pixels(by_stamp[stamp(both[-1])]).astype(float) - 128.0
    deep = pixels(both[-1])[..., 0] > 0.5 * pixels(both[-1]).max()
    assert difference.shape == (240, 320, 3)
    assert np.abs(difference[deep]).mean() > 5.0 * np.abs(difference[~deep]).mean()
    assert {m.header.frame_id for m in topics["image"]} == {"tactile_pad"}
    assert program.end() == 0, program.output


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("black", "black picture"),
        pytest.param("small", "160 x 120, expected 320 x 240", marks=pytest.mark.slow),
        pytest.param("frozen", "frozen picture", marks=pytest.mark.slow),
        pytest.param("stalled", "the virtual camera gives no pictures", marks=pytest.mark.slow),
    ],
)
def test_bad_pictures_are_refused_and_reported_while_the_forces_go_on(fault, words, start_node, heard):
    topics = heard(f"/{fault}")
    program = start_node(
        "tactile_node", "-p", "pad:=digit", "-p", f"faults:={fault}@0.5", namespace=f"/{fault}",
    )  # fmt: skip
    wait_until(lambda: any(level == 2 and words in text for level, text in levels(topics)), lambda: program.output)
    seen, felt = len(topics["image"]), len(topics["force_field"])
    wait_until(lambda: len(topics["force_field"]) > felt + 20, "the force field stopped with the pictures")
    assert len(topics["image"]) == seen
    assert all(pixels(message).mean() > 10.0 for message in topics["image"])
    assert program.end() == 0


def test_a_recording_plays_with_depth_and_normal_forces(start_node, heard, tmp_path):
    """Recorded by a virtual sensor of other lamps, pixels and stiffness, which the node has from a calibration file.

    So the truth is known; shear is not in pictures and not made up.
    """
    own = Calibration(
        *default_calibration(DIGIT.camera, Lamps((60.0, 190.0, 310.0), grey_level=90.0)), (5e-5, 4.9e-5), 1.2e8
    )
    write_calibration(tmp_path / "own.npz", own)
    touch = VirtualTouch(own.of(DIGIT), "ball", 2, own.stiffness_n_m3, own.pictures(DIGIT))
    for number in range(8):
        if number == 4:
            touch.advance(500, HandCommand("test", 2.0, 0.0, 0.0, 0.0))
        Picture.fromarray(touch.image()).save(tmp_path / f"{number}.png")
    (tmp_path / "5b.png").write_bytes(b"no picture")
    topics = heard("/recorded")
    program = start_node(
        "tactile_node", "-p", "pad:=digit", "-p", f"source:={tmp_path}", "-p", "nominal_frames:=4",
        "-p", "image_rate:=20.0", "-p", f"calibration:={tmp_path / 'own.npz'}", namespace="/recorded",
    )  # fmt: skip
    wait_until(lambda: any(pixels(m).max() > 1e-4 for m in topics["depth"]), lambda: program.output)
    wait_until(lambda: any(taxels(m)[:, 6].max() > 1e-4 for m in topics["force_field"]), lambda: program.output)
    points = next(taxels(m) for m in topics["force_field"] if taxels(m)[:, 6].max() > 1e-4)
    assert -points[:, 5].sum() == pytest.approx(2.0, rel=0.35)
    assert np.isnan(points[:, 3:5]).all()
    assert not topics["wrench"]
    wait_until(lambda: any("5b.png: no picture" in text for _, text in levels(topics)), lambda: str(levels(topics)))
    assert program.end() == 0


@pytest.mark.slow
def test_the_launch_gives_a_policy_its_own_grid_and_a_pad_its_own_stiffness(start, heard):
    """Taxels of a policy's grid, whose sum is still the wrench; a gel twice as stiff is pressed in half as far."""
    topics = heard("/touch")
    program = start(
        "-m", "sim2metal", "ros", "launch", "touch", "pad:=gelsight_r15", "object:=stamp", "stiffness:=1e9",
        "taxel_rows:=14", "taxel_columns:=10",
    )  # fmt: skip
    wait_until(lambda: any(m.wrench.force.z < -0.3 for m in topics["wrench"]), lambda: f"no force:\n{program.output}")
    wrenches = {stamp(message): message.wrench.force for message in topics["wrench"]}
    pressed = [m for m in list(topics["force_field"]) if stamp(m) in wrenches and wrenches[stamp(m)].z < -0.3]
    points, force = taxels(pressed[-1]), wrenches[stamp(pressed[-1])]
    assert points.shape == (140, 7)
    assert points[:, 3:6].sum(axis=0) == pytest.approx([force.x, force.y, force.z], abs=1e-4)
    area = (points[1, 0] - points[0, 0]) ** 2
    normal, deep = -points[:, 5], points[:, 6]
    assert normal[deep > 0] == pytest.approx(1e9 * area * deep[deep > 0], rel=0.2)  # but for the damping
    assert program.end() == 0, program.output


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        ("source:=nowhere", "source 'nowhere' is none"),
        ("stale_after:=0.0", "from 0.05 to 60"),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in (
                ("pad:=gelsite_mini", "did you mean 'gelsight_mini'"),
                ("object:=bal", "did you mean 'ball'"),
                ("faults:=blakc", "did you mean 'black'"),
                ("calibration:=nothing.npz", "nothing.npz cannot be read"),
                ("taxel_rows:=14", "'taxel_rows' and 'taxel_columns' go together"),
                ("rotate:=45", "must be 0, 90, 180 or 270"),
                ("stiffness:=-1.0", "from 0 to"),
            )
        ),
    ],
)
def test_a_bad_parameter_is_one_line(parameter, words, start_node):
    program = start_node("tactile_node", "-p", parameter)
    assert program.wait() == 2
    errors = [line for line in program.lines if line.startswith("error: ")]
    assert len(errors) == 1
    assert words in errors[0]
    assert "Traceback" not in program.output
