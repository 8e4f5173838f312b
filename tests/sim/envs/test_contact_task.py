"""The environment of contact tasks: shapes, ends, determinism, physics, and an oracle that solves it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from sim.contact.oracle import Oracle
from sim.contact.spec import EPISODE_STEPS, PadLook, contact_task
from sim.contact.tables import set_term
from sim.distributions import Constant, Uniform
from sim.envs.contact_task import ContactTaskEnv, load_contact_task
from sim.errors import ConfigError
from sim.quaternions import difference, rotate
from sim.randomization import RandomizationTable

NOTHING = RandomizationTable("nothing")
SOLVED = ("peg_placement", "peg_insertion", pytest.param("grasp_stability", marks=pytest.mark.slow))


def fixed(**values):
    return RandomizationTable("fixed", tuple(set_term(name, Constant(value), "test") for name, value in values.items()))


@pytest.fixture(scope="module")
def env():
    return ContactTaskEnv("peg_insertion", 3, sensors=("field",), seed=5, threads=1)


def test_observations_have_the_shapes_that_the_spec_names(env):
    observation = env.reset()
    spec = env.spec
    assert observation["state"].shape == (3, spec.observation_size) == (3, 23)
    assert observation["privileged"].shape == (3, spec.critic_size) == (3, 39)
    assert observation["field"].shape == (3, *spec.images[0].shape) == (3, 2, 14, 10, 3)
    assert {value.dtype for value in observation.values()} == {np.dtype(np.float32)}
    assert all(np.isfinite(value).all() for value in observation.values())
    np.testing.assert_array_equal(observation["state"][:, :16], observation["privileged"][:, :16])
    off = observation["state"][:, 16:19] - observation["privileged"][:, 16:19]
    assert 0.0 < np.abs(off).max() <= 5.001e-3  # the noise of the fixture's place
    np.testing.assert_array_equal(env.observe()["state"], observation["state"])  # drawn once an episode


def test_both_pads_hold_the_object_with_the_same_force_and_its_weight(env):
    env.reset()
    for _ in range(12):
        transition = env.step(np.zeros((3, 6)))
    force = transition.observation["field"].sum(axis=(2, 3))  # (n, pads, xyz), on the gel
    np.testing.assert_allclose(force[:, 0, 2], force[:, 1, 2], rtol=0.02)
    assert np.all((force[..., 2] > -7.0) & (force[..., 2] < -1.0))
    weight = 9.81 * env.world._fields["body_mass"][:, env.world._object]
    down = force[..., 1].sum(axis=1)  # y of the pads points down the fingers
    np.testing.assert_allclose(down, weight, atol=0.05)
    np.testing.assert_allclose(transition.observation["privileged"][:, -3:-1], np.linalg.norm(force, axis=2), rtol=1e-4)


def test_thin_objects_do_not_rattle_between_the_fingers():
    """The hand's fingers move as one; apart they beat against each other with pegs of 1 g, at half the physics rate."""
    terms = [term for term in load_contact_task("peg_placement").TRAINING_TABLE.terms if term.parameter != "diameter"]
    thin = set_term("diameter", Uniform(4e-3, 6.5e-3), "test")
    env = ContactTaskEnv("peg_placement", 16, table=RandomizationTable("thin", (*terms, thin)), threads=1)
    env.reset()
    rng = np.random.default_rng(0)
    for step in range(26):
        env.step(rng.uniform(-1, 1, (16, 6)) * (step < 16))
    left, right = env.world.gel.wrench()[0][:, :, 2].T
    np.testing.assert_allclose(left, right, rtol=0.05)


def test_an_action_moves_the_tool_its_way_and_no_action_holds_it():
    env = ContactTaskEnv("peg_placement", 7, table=NOTHING, threads=1)
    start = env.reset()["state"][:, 9:16]
    action = np.zeros((7, 6))
    action[np.arange(6), np.arange(6)] = 1.0
    for _ in range(25):
        observation = env.step(action).observation
    moved = (observation["state"][:, 9:16] - start)[:, :3]
    assert np.all(moved[np.arange(3), np.arange(3)] > 0.01)
    assert np.abs(moved[6]).max() < 1e-3
    turned = difference(observation["state"][:, 12:16], start[:, 3:])
    assert np.all(turned[np.arange(3, 6), np.arange(3)] > 0.1)
    assert np.abs(turned[6]).max() < 5e-3


def test_results_depend_on_seed_and_number_and_not_on_threads_or_company():
    def play(count, seed, threads):
        env = ContactTaskEnv("peg_insertion", count, sensors=("field",), seed=seed, threads=threads)
        observation = env.reset()
        action = np.random.default_rng(0).uniform(-1, 1, (4, 6))[:count]
        for _ in range(6):
            observation = env.step(action).observation
        return observation

    first, again, other = play(4, 1, 1), play(4, 1, 2), play(4, 2, 1)
    fewer = play(2, 1, 1)
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
        np.testing.assert_array_equal(value[:2], fewer[name])
        assert not np.array_equal(value, other[name])


def test_episodes_end_by_time_begin_anew_and_keep_what_ended_them():
    env = ContactTaskEnv("peg_insertion", 2, table=NOTHING, threads=1)
    before = env.reset()
    env._age[0] = EPISODE_STEPS - 1
    transition = env.step(np.ones((2, 6)))
    np.testing.assert_array_equal(transition.truncated, [True, False])
    np.testing.assert_array_equal(transition.terminated, False)
    np.testing.assert_array_equal(env.age, [0, 1])
    np.testing.assert_allclose(transition.observation["state"][0], before["state"][0], atol=1e-6)
    assert transition.final is not None
    assert transition.final["state"].shape == (1, 23)
    assert np.abs(transition.final["state"][0] - before["state"][0]).max() > 1e-4
    assert env.step(np.zeros((2, 6))).final is None


def test_a_dropped_object_ends_the_episode():
    env = ContactTaskEnv("peg_insertion", 2, table=NOTHING, threads=1)
    env.reset()
    env.world.open_hand(np.array([1]))
    ended = [env.step(np.zeros((2, 6))) for _ in range(20)]
    assert any(transition.terminated[1] for transition in ended)
    assert not any(transition.terminated[0] for transition in ended)


def test_drawn_sizes_and_frictions_reach_the_physics():
    table = fixed(diameter=0.012, mass=0.2, grasp_force=6.0)
    env = ContactTaskEnv("peg_insertion", 1, table=table, threads=1)
    env.reset()
    model = env.world.batch.get_model(0)
    assert model.geom("gripped").size[0] == pytest.approx(0.006)
    assert model.body("object").mass[0] == pytest.approx(0.2)
    np.testing.assert_allclose(model.geom("wall0").pos[0], 0.5 * 0.0125 + 5e-3)
    for _ in range(10):
        env.step(np.zeros((1, 6)))
    np.testing.assert_allclose(-env.world.gel.wrench()[0][0, :, 2], 6.0, rtol=0.05)


@pytest.mark.parametrize("name", SOLVED)
def test_a_controller_that_knows_the_truth_succeeds(name):
    env = ContactTaskEnv(name, 8, seed=3, threads=1)
    env.reset()
    oracle, done = Oracle(env), np.zeros(8, bool)
    success = np.zeros(8, bool)
    for _ in range(EPISODE_STEPS):
        transition = env.step(oracle.act())
        success |= transition.success & transition.ended & ~done
        done |= transition.ended
    assert done.all()
    assert success.sum() >= 7


def test_doing_nothing_does_not_succeed():
    env = ContactTaskEnv("peg_placement", 4, threads=1)
    env.reset()
    assert not any(env.step(np.zeros((4, 6))).success.any() for _ in range(5))


@pytest.mark.slow  # (MuJoCo takes four seconds to make the octrees)
def test_a_bolt_is_set_on_a_nut_and_the_thread_carries_it():
    env = ContactTaskEnv("bolt_on_nut", 4, sensors=("image",), table=NOTHING, threads=2)
    picture = env.reset()["image"][0, 0].astype(int)
    pressed = np.abs(picture - env.untouched[0]).max(axis=(1, 2)) > 10
    assert 1 <= np.argmax(pressed) <= 5  # the grip ends 14 mm over the pad's middle, of 16, which is row 4 ...
    assert pressed[10:70].all()  # ... and as much below it
    env = ContactTaskEnv("bolt_on_nut", 4, table=NOTHING, threads=2)
    env.reset()
    oracle = Oracle(env)
    for _ in range(EPISODE_STEPS - 1):
        transition = env.step(oracle.act())
    assert transition.success.all()
    assert np.all(np.linalg.norm(env.world.fixture_force, axis=1) > 0.2)


def test_pictures_show_the_peg():
    env = ContactTaskEnv("peg_insertion", 2, sensors=("image",), table=NOTHING, threads=1)
    picture = env.reset()["image"]
    assert picture.shape == (2, *env.spec.images[1].shape) == (2, 2, 80, 60, 3)
    assert picture.dtype == np.uint8
    env.world.object_position_w[0] += [0.0, 0.0, 1.0]  # the first peg is gone
    env.world.batch.forward()
    after = env.observe()["image"]
    assert np.ptp(after[0].astype(int) - after[1], axis=None) > 20
    np.testing.assert_array_equal(after[1], picture[1])


def test_both_pads_show_a_shifted_peg_where_their_taxels_feel_it():
    env = ContactTaskEnv("peg_insertion", 2, sensors=("field", "image"), table=fixed(diameter=0.008), threads=1)
    env.reset()
    world = env.world
    across = rotate(world.arm.quaternion_w, np.array([1.0, 0.0, 0.0]))  # x of the left pad, against that of the right
    world.object_position_w[0] += 2e-3 * across[0]
    world.batch.forward()
    world.gel.apply()
    seen, camera, taxels = env.observe(), world.pad.camera, world.pad.taxels
    pressed = -seen["field"][..., 2].sum(axis=2)  # (n, pads, columns)
    felt = (pressed * taxels.positions[: taxels.columns, 0]).sum(axis=2) / pressed.sum(axis=2)
    changed = np.abs(seen["image"].astype(int) - env.untouched).sum(axis=(2, 4))
    columns = (np.arange(camera.columns) - (camera.columns - 1) / 2) * camera.pixel_m[0]
    shown = (changed * columns).sum(axis=2) / changed.sum(axis=2)
    np.testing.assert_allclose(felt, [[2e-3, -2e-3], [0.0, 0.0]], atol=0.3e-3)
    np.testing.assert_allclose(shown, felt, atol=0.6e-3)


def begun(**values):
    """Return a function that begins the same episode of a task whose pads look as they are told to."""
    table = fixed(**values)

    def begin(look):
        spec = replace(load_contact_task("peg_insertion").TASK, look=look)
        env = ContactTaskEnv(SimpleNamespace(TASK=spec), 1, sensors=("image",), table=table, threads=1)
        env.reset()
        return env

    return begin


@pytest.mark.parametrize(
    ("pad", "field", "picture"), [("digit", (2, 10, 14, 3), (2, 60, 80, 3)), ("taxel_array", (2, 10, 10, 3), None)]
)
def test_any_pad_can_be_on_the_fingers(pad, field, picture):
    """Square pixels on a pad that lies; a skin without a camera gives its own taxels and no picture."""
    work = load_contact_task("peg_insertion").TASK.workpiece
    spec = contact_task("other_pads", "a test's", work, pad=pad)
    task = SimpleNamespace(TASK=spec, TRAINING_TABLE=NOTHING)
    shapes = {image.name: image.shape for image in spec.images}
    assert shapes == {"field": field, **({"image": picture} if picture else {}), "wrist": (64, 64, 3)}
    assert {image.pad for image in spec.images} == {pad, None}
    sensors = ("field", "image") if picture else ("field",)
    env = ContactTaskEnv(task, 1, sensors=sensors, threads=1)
    seen = env.reset()
    for _ in range(12):
        seen = env.step(np.zeros((1, 6))).observation
    assert all(seen[name].shape == (1, *shapes[name]) for name in sensors)
    np.testing.assert_allclose(seen["field"][0, ..., 2].sum(axis=(1, 2)), -5.0, rtol=0.1)
    if picture:
        across, down = env.world.pad.camera.pixel_m
        assert across == pytest.approx(down, rel=0.02)
        touched = np.abs(seen["image"][0, 0].astype(int) - env.untouched[0]).max(axis=2) > 10
        assert touched[1:-1].any(axis=1).all()  # the peg lies along the finger: in every row, in a third of the columns
        assert 0.05 < touched.any(axis=0).mean() < 0.6
    else:
        with pytest.raises(ConfigError, match="taxel array has no camera"):
            ContactTaskEnv(task, 1, sensors=("image",), threads=1)


def test_a_task_can_ask_for_markers_that_move_with_the_forces():
    begin = begun(diameter=0.016, mass=0.3)
    bare, dotted = begin(PadLook()), begin(PadLook(markers=True))
    for _ in range(6):
        seen = [env.step(np.zeros((1, 6))).observation["image"][0, 0].astype(int) for env in (bare, dotted)]
    black = [bare.untouched[0].astype(int) - dotted.untouched[0], seen[0] - seen[1]]
    assert all(60 < (part.max(axis=2) > 30).sum() < 500 for part in black)  # 99 dots of 0.5 mm on pixels of 0.4 mm
    row = [(part * np.arange(80)[:, None, None]).sum() / part.sum() for part in black]
    assert 0.02 < row[1] - row[0] < 0.5  # half of 3 N drags the skin down the finger


def test_a_task_can_ask_for_shadows():
    """Beside an end that is pressed into the gel; the sides of a peg that lies in it are not steep enough for any."""
    begin, seen = begun(diameter=0.008), []
    for look in (PadLook(), PadLook(shadows=True)):
        env = begin(look)
        world, site = env.world, env.world.model.site("left_pad").id
        turn = world.batch.bind("site_xquat")[0, site]
        end = np.array([0.0, 0.0, env.spec.workpiece.length_m / 2.0 - 1.2e-3])
        world.object_position_w[0] = world.batch.bind("site_xpos")[0, site] + rotate(turn, end)
        world.object_quaternion_w[0] = turn
        seen.append(env.observe()["image"][0, 0].astype(int))
    darker = seen[0] - seen[1]
    assert darker.min() == 0
    assert darker.max() > 5


def test_the_wrist_camera_sees_fingers_and_object():
    env = ContactTaskEnv("peg_insertion", 1, sensors=("wrist",), table=NOTHING, threads=1)
    picture = env.reset()["wrist"]
    assert picture.shape == (1, *env.spec.images[2].shape) == (1, 64, 64, 3)
    red, _, blue = np.moveaxis(picture[0].astype(int), -1, 0)
    orange = red > blue + 15  # the peg, and nothing else, between the dark fingers
    assert 10 < orange.sum() < 400
    assert abs(np.argwhere(orange)[:, 1].mean() - 31.5) < 4.0
    assert picture[0, 38, 22].max() < 60


def test_the_wrist_camera_sees_the_episode_that_has_just_begun_too():
    env = ContactTaskEnv("peg_insertion", 3, sensors=("wrist",), seed=2, threads=1)
    env.reset()
    env._age[1] = env.spec.control_steps - 1
    went = env.step(np.zeros((3, 6)))
    assert went.ended.tolist() == [False, True, False]
    seen = went.observation["wrist"]
    np.testing.assert_array_equal(seen, env.observe()["wrist"])
    assert np.abs(went.final["wrist"][0].astype(int) - seen[1]).max() > 50  # what ended, and what began


def test_bad_requests_are_named_in_one_line():
    with pytest.raises(ConfigError, match=r"unknown sensor 'fields' \(did you mean 'field'\?\)"):
        ContactTaskEnv("peg_placement", 1, sensors=("fields",))
    with pytest.raises(ConfigError, match="at least one simulation, not 0"):
        ContactTaskEnv("peg_placement", 0)
    with pytest.raises(ConfigError, match="task 'hover' is no contact task"):
        load_contact_task("hover")
    env = ContactTaskEnv("peg_placement", 2, threads=1)
    env.reset()
    with pytest.raises(ConfigError, match=r"actions must have the shape \(2, 6\), not \(6,\)"):
        env.step(np.zeros(6))
    assert np.isfinite(env.step(np.full((2, 6), np.nan)).observation["state"]).all()
