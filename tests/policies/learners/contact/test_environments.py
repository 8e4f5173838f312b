"""What learners see of the real peg placement: fields, pictures less untouched ones, a script that knows the truth."""

import numpy as np
import pytest
import torch

from policies.learners.contact.environments import SCRIPTS, make_environment
from policies.learners.contact.inputs import INPUTS, flat_input, pose_starts
from policies.learners.contact.rollouts import Rollouts
from sim.envs.contact_task import load_contact_task

TASK = load_contact_task("peg_placement")
N = 3


def scripted(*sensors):
    """A training environment after some scripted steps, and all it showed."""
    env = make_environment(TASK, N, sensors, 0, training=True)
    first, script = env.reset(), SCRIPTS["script"](env)
    return env, [first, *(env.step(script.act()).observation for _ in range(5))]


@pytest.fixture(scope="module")
def felt():
    return scripted("state", "field")


@pytest.fixture(scope="module")
def pictured():
    return scripted("state", "image")


def test_every_input_has_the_terms_that_the_task_declares(felt):
    _, seen = felt
    for name in ("state", "privileged", "field"):
        assert flat_input(seen[-1], INPUTS[name]).shape == (N, input_size(name))
    for terms in (TASK.TASK.actor_terms, TASK.TASK.critic_terms):
        flat = seen[-1]["state" if terms is TASK.TASK.actor_terms else "privileged"]
        for start in pose_starts(terms):
            np.testing.assert_allclose(np.linalg.norm(flat[:, start + 3 : start + 7], axis=1), 1.0, atol=1e-5)


def input_size(name):
    choice = INPUTS[name]
    return sum(term.size for term in (*choice.terms(TASK.TASK), *choice.image_terms(TASK.TASK)))


@pytest.mark.slow
def test_pictures_are_whole_grey_levels_of_difference_in_the_colours_of_the_episode(pictured):
    env, seen = pictured
    image = seen[-1]["image"]
    assert flat_input(seen[-1], INPUTS["image"]).shape == (N, input_size("image"))
    assert image.dtype == np.int16
    assert image.min() < -10 < 10 < image.max()
    plain = env.inner.observe()["image"].astype(np.int16) - env.inner.untouched
    assert all((image[n] != plain[n]).any() for n in range(N))  # (augmented)
    judged = make_environment(TASK, N, ("state", "image"), 0)
    first = judged.reset()["image"]
    np.testing.assert_array_equal(first, judged.inner.observe()["image"].astype(np.int16) - judged.inner.untouched)


def test_the_script_brings_the_peg_nearer(felt):
    env, seen = felt
    assert env.distance(0.05).mean() < np.linalg.norm(goal_error(seen[0]), axis=1).mean()


def goal_error(observation):
    starts = pose_starts(TASK.TASK.critic_terms)
    socket, thing = (observation["privileged"][:, s : s + 3] for s in (starts[1], starts[2]))
    return socket - thing


def test_rollouts_cut_actions_and_tell_time_from_failure():
    rollouts = Rollouts(make_environment(TASK, 2, ("state",), 0), ("state", "privileged"))
    obs, reward, done, extras = rollouts.step(torch.full((2, 6), 100.0))
    assert obs["state"].shape == (2, 23)
    assert not done.any()
    assert not extras["time_outs"].any()
    again = Rollouts(make_environment(TASK, 2, ("state",), 0), ("state", "privileged"))
    np.testing.assert_array_equal(again.step(torch.ones(2, 6))[1], reward)
