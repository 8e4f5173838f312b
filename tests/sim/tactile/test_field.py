"""The force field: known loads, static shear, Coulomb's limit, memory, and the two ways of computing a wrench."""

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.tactile.field import ForceField
from sim.tactile.objects import OBJECTS
from sim.tactile.pads import PADS, load_pad
from sim.tactile.press import press
from sim.tactile.shapes import Shape
from sim.tactile.stiffness import NOMINAL_BALL_M, SHEAR_RATIO, Press, fit_stiffness, hertz_depth, nominal_stiffness

MINI = load_pad("gelsight_mini")
STILL = np.zeros(3)
UPRIGHT = (1.0, 0.0, 0.0, 0.0)
TABLE = OBJECTS["table"]


def pressed_table(depth=1e-4):
    """A field under a plane: every taxel is equally deep, so all is known by hand."""
    field = ForceField(MINI, [TABLE.shape])
    field.step((0, 0, -depth), TABLE.quaternion, STILL, STILL, 0.01)
    return field


def test_a_plane_presses_every_taxel_with_stiffness_times_area_times_depth():
    field = pressed_table()
    expected = field.stiffness * MINI.taxels.area_m2 * 1e-4
    assert np.allclose(field.depth, 1e-4)
    assert np.allclose(field.force[0], [0.0, 0.0, -expected])
    assert np.allclose(field.wrench()[0], [0.0, 0.0, -expected * MINI.taxels.count])


def test_sideways_motion_stretches_the_gel_and_stays():
    """A static grasp has shear: after the motion has ended the force is that of the way, not of a speed."""
    field = pressed_table()
    way = 2e-5
    field.step((way, 0, -1e-4), TABLE.quaternion, (way / 0.01, 0, 0), STILL, 0.01)
    for _ in range(3):
        field.step((way, 0, -1e-4), TABLE.quaternion, STILL, STILL, 0.01)
    expected = SHEAR_RATIO * field.stiffness * MINI.taxels.area_m2 * way
    assert np.allclose(field.force[0, :, 0], expected, rtol=1e-4)
    assert np.allclose(field.force[0, :, 1], 0.0)


def test_shear_ends_at_coulomb_s_limit_and_springs_back_from_there():
    field = pressed_table()
    for _ in range(50):
        field.step((0, 0, -1e-4), TABLE.quaternion, (0.01, 0, 0), STILL, 0.01)  # 5 mm in all
    normal = -field.force[0, :, 2]
    assert np.allclose(field.force[0, :, 0], MINI.gel.friction * normal, rtol=1e-4)
    back = MINI.gel.friction * 1e-4 / SHEAR_RATIO  # the anchor was dragged along: so far back it is free of shear
    field.step((0, 0, -1e-4), TABLE.quaternion, (-back / 0.01, 0, 0), STILL, 0.01)
    field.step((0, 0, -1e-4), TABLE.quaternion, STILL, STILL, 0.01)
    assert np.allclose(field.force[0, :, 0], 0.0, atol=1e-3 * normal.max())


def test_a_taxel_forgets_when_it_loses_touch():
    field = pressed_table()
    field.step((0, 0, -1e-4), TABLE.quaternion, (0.001, 0, 0), STILL, 0.01)
    assert field.force[0, :, 0].max() > 0.0
    field.step((0, 0, 1e-4), TABLE.quaternion, STILL, STILL, 0.01)
    assert not field.force.any()
    field.step((0, 0, -1e-4), TABLE.quaternion, STILL, STILL, 0.01)
    assert np.allclose(field.force[0, :, :2], 0.0)


def test_approach_adds_force_and_retreat_never_pulls():
    quiet, fast, away = pressed_table(), pressed_table(), pressed_table()
    fast.step((0, 0, -1e-4), TABLE.quaternion, (0, 0, -0.1), STILL, 0.01)
    away.step((0, 0, -1e-4), TABLE.quaternion, (0, 0, 10.0), STILL, 0.01)
    ratio = 1.0 + MINI.gel.damping_s_m * 0.1
    assert np.allclose(fast.force[0, :, 2], ratio * quiet.force[0, :, 2], rtol=1e-4)
    assert (away.force == 0.0).all()


def test_a_twist_turns_the_shear_around_the_middle():
    contact = press(MINI, OBJECTS["ball"], 2.0, twist_rad=0.1)
    force, torque = contact.field.wrench()
    assert torque[0, 2] > 1e-4
    assert np.abs(force[0, :2]).max() < 0.02


@pytest.mark.parametrize("pad", PADS)
@pytest.mark.parametrize("name", OBJECTS)
def test_every_object_presses_every_pad_with_the_load_asked_for(pad, name):
    field = press(load_pad(pad), OBJECTS[name], 0.5).field
    assert field.wrench()[0][0, 2] == pytest.approx(-0.5, rel=2e-3)
    assert (field.depth[0] > 0.0).any()


def test_the_centre_of_pressure_is_where_the_ball_is():
    contact = press(MINI, OBJECTS["ball"], 2.0, place_m=(2e-3, -1e-3))
    assert contact.field.centre_of_pressure()[0] == pytest.approx([2e-3, -1e-3], abs=1e-4)


def test_torque_is_force_at_the_centre_of_pressure():
    contact = press(MINI, OBJECTS["table"], 3.0)
    moved = press(MINI, OBJECTS["ball"], 3.0, place_m=(3e-3, 2e-3))
    assert np.abs(contact.field.wrench()[1]).max() < 1e-6
    force, torque = moved.field.wrench()
    assert torque[0, :2] == pytest.approx([2e-3 * force[0, 2], -3e-3 * force[0, 2]], rel=0.03)


def test_a_batch_computes_what_each_of_its_pads_would_alone():
    random = np.random.default_rng(5)
    shapes = [OBJECTS["ball"].shape, OBJECTS["brick"].shape]
    batch = ForceField(MINI, shapes, num_pads=4)
    single = [ForceField(MINI, shapes) for _ in range(4)]
    for _ in range(5):
        positions = random.uniform([-5e-3, -5e-3, 2.5e-3], [5e-3, 5e-3, 3.9e-3], (4, 2, 3))
        quaternions = random.normal(size=(4, 2, 4))
        quaternions /= np.linalg.norm(quaternions, axis=-1, keepdims=True)
        speeds, spins = random.normal(size=(4, 2, 3)) * 0.01, random.normal(size=(4, 2, 3))
        batch.step(positions, quaternions, speeds, spins, 0.01)
        for number, field in enumerate(single):
            field.step(positions[number], quaternions[number], speeds[number], spins[number], 0.01)
            assert np.array_equal(field.force[0], batch.force[number])
    assert batch.force.any()
    batch.reset([1])
    assert not batch.force[1].any()
    assert batch.force[0].any()


def test_several_objects_add_up():
    ball = Shape("sphere", (4e-3,))
    places = np.array([[-5e-3, 0, 3.5e-3], [5e-3, 0, 3.6e-3]])
    both = ForceField(MINI, [ball, ball])
    both.step(places, [UPRIGHT] * 2, np.zeros((2, 3)), np.zeros((2, 3)), 0.01)
    total = np.zeros(3)
    for place in places:
        one = ForceField(MINI, [ball])
        one.step(place, UPRIGHT, STILL, STILL, 0.01)
        total += one.wrench()[0][0]
    assert np.allclose(both.wrench()[0][0], total, atol=1e-6)


@pytest.mark.parametrize("pad", PADS)
def test_the_stiffness_carries_the_nominal_loads_wherever_the_ball_is(pad):
    """One number per pad: its errors are the elastic foundation's (d^2 instead of Hertz's d^1.5), 0 in the mean."""
    pad, errors = load_pad(pad), []
    for load in (0.25, 0.5, 1.0, 2.0, 3.0):
        for x in np.linspace(-0.4, 0.4, 5) * pad.taxels.pitch_m:
            field = ForceField(pad, [Shape("sphere", (NOMINAL_BALL_M,))])
            depth = hertz_depth(pad.gel, NOMINAL_BALL_M, load)
            field.step((x, 0.1 * pad.taxels.pitch_m, NOMINAL_BALL_M - depth), UPRIGHT, STILL, STILL, 0.01)
            errors.append(-field.wrench()[0][0, 2] / load - 1.0)
    assert abs(np.mean(errors)) < 0.1
    assert nominal_stiffness(pad) == pytest.approx(2.04e8, rel=0.02)  # the grid's pitch makes no difference


def test_hertz_s_depth_carries_the_load_back():
    gel = MINI.gel
    depth = hertz_depth(gel, 4e-3, 2.0)
    assert 4.0 / 3.0 * gel.modulus_pa / (1 - gel.poisson**2) * 4e-3**0.5 * depth**1.5 == pytest.approx(2.0)


def test_the_stiffness_is_found_again_from_presses_made_with_it():
    presses = [Press(0.0, depth, 3e-3, (1e-4, 2e-4)) for depth in (3e-4, 6e-4, 9e-4)]
    made = []
    for one in presses:
        field = ForceField(MINI, [Shape("sphere", (3e-3,))], stiffness=1.7e8)
        field.step((*one.place_m, one.radius_m - one.depth_m), UPRIGHT, STILL, STILL, 0.01)
        made.append(Press(float(-field.wrench()[0][0, 2]), one.depth_m, one.radius_m, one.place_m))
    assert fit_stiffness(MINI, made) == pytest.approx(1.7e8, rel=1e-5)


@pytest.mark.parametrize("presses", [[], [Press(0.0, 1e-3, 4e-3)], [Press(1.0, 1e-3, 4e-3, (1.0, 1.0))]])
def test_presses_that_say_nothing_are_refused(presses):
    with pytest.raises(ConfigError):
        fit_stiffness(MINI, presses)


@pytest.mark.parametrize("load", [0.0, -1.0, float("nan"), 1e6])
def test_impossible_loads_are_refused(load):
    with pytest.raises(ConfigError):
        press(MINI, OBJECTS["ball"], load)


def test_taxels_are_laid_out_by_the_published_rule():
    """TacSL: pitch = the smaller of (size - 2 x 3 mm) / (number + 1)."""
    assert MINI.taxels.pitch_m == pytest.approx(min((25.25e-3 - 6e-3) / 26, (20.75e-3 - 6e-3) / 21))
    assert MINI.taxels.positions.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-9)
    assert MINI.camera.horizontal_fov_rad == pytest.approx(np.radians(50.6), abs=2e-3)
    assert load_pad("gelsight_r15").camera.horizontal_fov_rad == pytest.approx(np.radians(61.0), abs=2e-3)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"positions": np.zeros((3, 1, 3))}, r"1 objects over 2 pads need \(2, 1, 3\), not \(3, 1, 3\)"),
        ({"quaternions": (1.0, 0.0, 0.0, 0.0)}, r"need \(2, 1, 4\), not \(4,\)"),
        ({"dt": 0.0}, "positive number of seconds, not 0"),
        ({"dt": np.nan}, "positive number of seconds, not nan"),
    ],
)
def test_a_step_that_cannot_be_is_refused_and_changes_nothing(changed, words):
    field = ForceField(load_pad("digit"), [Shape("sphere", (4e-3,))], 2)
    still = np.zeros((2, 1, 3))
    pose = {"positions": np.add(still, (0.0, 0.0, 3.5e-3)), "quaternions": np.tile((1.0, 0.0, 0.0, 0.0), (2, 1, 1))}
    with pytest.raises(ConfigError, match=words):
        field.step(**{**pose, "velocities": still, "spins": still, "dt": 1e-3, **changed})
    assert not field.depth.any()
    with pytest.raises(ConfigError, match="lengths of an object"):
        field.set_sizes([1], 0, (-1e-3, 0.0, 0.0))
