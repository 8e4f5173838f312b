"""The bed of pins: MuJoCo's springs and friction as computed by hand, and the field against it."""

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.tactile.known_loads import measure_scale, pressed_field
from sim.tactile.motion import MOTIONS, Path, random_path
from sim.tactile.objects import OBJECTS, Held
from sim.tactile.pads import load_pad
from sim.tactile.pins import PINS_PER_TAXEL, PinBed
from sim.tactile.shapes import Shape
from sim.tactile.stiffness import SHEAR_RATIO, foundation_stiffness, nominal_stiffness

MINI, STIFFNESS, FRICTION = load_pad("gelsight_mini"), 2e8, 1.0
SPRING = STIFFNESS * (MINI.taxels.pitch_m / PINS_PER_TAXEL) ** 2
FLAT = Held(Shape("box", (5e-3, 5e-3, 3e-3)))
ONE_PIN = np.zeros((1, 2))


def felt(path, places=ONE_PIN):
    bed = PinBed(MINI, path, STIFFNESS, FRICTION, places)
    bed.follow()
    return bed.wrench()


def test_a_pin_carries_its_spring_s_load():
    force, _, centre = felt(Path(FLAT, (0.0, 0.0), 5e-4))
    assert force == pytest.approx([0.0, 0.0, -5e-4 * SPRING], rel=2e-3, abs=1e-6)
    assert centre == pytest.approx([0.0, 0.0], abs=1e-6)


def test_a_pin_that_sticks_is_bent_and_one_that_slips_has_friction_s_shear():
    bent, _, _ = felt(Path(FLAT, (0.0, 0.0), 5e-4, (2e-4, 0.0)))
    slid, _, _ = felt(Path(FLAT, (0.0, 0.0), 5e-4, (0.0, 1.5e-3)))
    assert bent[0] == pytest.approx(2e-4 * SHEAR_RATIO * SPRING, rel=0.02)
    assert slid[1] == pytest.approx(-FRICTION * slid[2], rel=0.03)


def test_a_twist_bends_pins_around_the_object():
    _, torque, _ = felt(Path(FLAT, (0.0, 0.0), 5e-4, twist_rad=0.1), np.array([[2e-3, 0.0], [-2e-3, 0.0]]))
    way = 2.0 * np.sin(0.05) * 2e-3
    assert torque[2] == pytest.approx(2.0 * SHEAR_RATIO * SPRING * way * 2e-3, rel=0.02)


@pytest.mark.parametrize("motion", MOTIONS)
def test_the_field_feels_what_the_pins_feel(motion):
    path = Path(OBJECTS["ball"], (1e-3, 0.0), 6e-4, *{"slide": [(8e-4, 3e-4)], "twist": [(0, 0), 0.2]}.get(motion, []))
    bed = PinBed(MINI, path, foundation_stiffness(MINI.gel), MINI.gel.friction)
    bed.follow()
    force, torque, centre = bed.wrench()
    field = pressed_field(MINI, path)
    ours, turning = (part[0] for part in field.wrench())
    assert np.linalg.norm(ours - force) < 0.05 * np.linalg.norm(force)
    assert np.linalg.norm(turning - torque) < 0.05 * np.linalg.norm(torque)
    assert np.linalg.norm(field.centre_of_pressure()[0] - centre) < 5e-5


def test_random_paths_are_of_the_motion_asked_for_and_repeat():
    for motion in MOTIONS:
        path, again = (random_path(np.random.default_rng(3), motion) for _ in range(2))
        assert path == again
        assert (path.slide_m != (0.0, 0.0), path.twist_rad != 0.0) == (motion == "slide", motion == "twist")


@pytest.mark.slow  # half a minute of pins
def test_the_stored_scale_is_the_measured_one():
    scale = nominal_stiffness(MINI) / foundation_stiffness(MINI.gel)
    assert scale == pytest.approx(measure_scale(MINI), rel=1e-4)


def test_a_mesh_has_no_bed():
    from tests.sim.tactile.plain_field import zoo

    with pytest.raises(ConfigError, match="primitive"):
        PinBed(MINI, Path(Held(zoo()["mesh"]), (0.0, 0.0), 5e-4), STIFFNESS, FRICTION, ONE_PIN)
