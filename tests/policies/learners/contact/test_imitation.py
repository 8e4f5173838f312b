"""What imitation learns from is what was rolled out, and windows are learnt from as they were acted in."""

import numpy as np
import pytest
import torch
from tensordict import TensorDict

from policies.learners.contact.aggregate import Aggregate
from policies.learners.contact.imitation import Imitation, miss
from policies.learners.contact.rollouts import Rollouts
from policies.learners.contact.script import MOST_CLUES, ScriptedTeacher
from policies.learners.contact.settings import ImitationSettings
from policies.learners.rollout_files import forget
from sim.contact.search import Search
from sim.envs.contact_task import ContactTaskEnv
from sim.envs.legged import LeggedEnv, load_legged_task
from sim.errors import StorageError
from sim.legged.stepping.controller import CaptureSteps
from tests.policies.learners.contact.centring import Script, make_env
from tests.policies.learners.contact.test_touch_model import IMAGES, STEPS, N, model, sequence


def rollout(number, envs=4, steps=3):
    size = (steps, envs)
    steps = {
        "state": torch.full((*size, 2), float(number)),
        "field": torch.rand(*size, 1, 2, 2, 3),
        "label": torch.arange(envs).float().expand(size)[..., None],
    }
    memory = tuple(torch.full((1, envs, 5), float(number)) for _ in range(2))
    return TensorDict(steps, batch_size=size), memory


def test_windows_come_from_the_latest_rollouts_with_the_memory_they_began_with():
    torch.manual_seed(0)
    data = Aggregate(3)
    for number in range(5):
        data.add(*rollout(number))
    windows, (output, cell) = data.draw(200)
    assert windows.batch_size == (3, 200)
    assert set(windows["state"].unique().tolist()) == {2.0, 3.0, 4.0}
    assert set(windows["label"].unique().tolist()) == {0.0, 1.0, 2.0, 3.0}
    assert windows["field"].dtype == torch.float16
    assert output.shape == cell.shape == (1, 200, 5)
    torch.testing.assert_close(output[0, :, 0], windows["state"][0, :, 0])


def test_what_is_kept_survives_a_kill(tmp_path):
    data, again = Aggregate(3), Aggregate(3)
    for number in range(5):
        data.add(*rollout(number))
        if number in (1, 4):
            data.save(tmp_path)
    assert len(list(tmp_path.glob("rollouts/*.npz"))) == 5
    data.prune(tmp_path)
    assert len(list(tmp_path.glob("rollouts/*.npz"))) == 3
    again.load(tmp_path, 5)
    draws = []
    for kept in (data, again):
        torch.manual_seed(1)
        draws.append(kept.draw(50))
    (ours, memory), (theirs, their_memory) = draws
    assert (ours == theirs).all()
    torch.testing.assert_close(memory, their_memory)
    with pytest.raises(StorageError, match="no checkpoint"):
        Aggregate(3).load(tmp_path, 4)
    forget(tmp_path)
    assert not list(tmp_path.iterdir())


def test_beyond_a_limit_is_the_limit():
    actions = torch.tensor([1.5, 0.5, -3.0, -0.5, 1.5])
    labels = torch.tensor([1.0, 1.0, -1.0, -1.0, 0.5])
    torch.testing.assert_close(miss(actions, labels), torch.tensor([0.0, -0.5, 0.0, 0.5, 1.0]))


@pytest.mark.parametrize("begun", [[], [(2, 0)], [(3, 1), (5, 2)]], ids=["nowhere", "at once", "within"])
@pytest.mark.parametrize(("layers", "shortcut"), [(0, False), (1, False), (2, False), (1, True), (2, True)])
def test_windows_are_unrolled_as_the_student_acted(layers, shortcut, begun):
    trained, obs = model(IMAGES, layers, shortcut=shortcut).eval(), sequence(IMAGES)
    first = torch.zeros(STEPS, N, 1)
    for t, env in ((0, slice(None)), *begun):
        first[t, env] = 1.0
    trained.begin(N)
    acted = []
    with torch.no_grad():
        for t in range(STEPS):
            if t == 2:
                memory = None if layers == 0 else tuple(part.clone() for part in trained.get_hidden_state())
            trained.reset(first[t, :, 0])
            acted.append(trained(obs[t]))
        at_once, said = trained.unroll(obs[2:], first[2:], memory)
    assert said.shape[-1] == trained.said_size
    np.testing.assert_allclose(at_once, torch.stack(acted[2:]), atol=1e-6)


def test_a_step_at_the_goal_is_worth_its_bonus():
    gained = []
    for bonus in (0.0, 0.5):
        env = make_env(16, ("state",), 3)
        rollouts, script = Rollouts(env, ("state",), goal_bonus=bonus), Script(env)
        rewards = [rollouts.step(torch.as_tensor(script.act(), dtype=torch.float32))[1] for _ in range(6)]
        gained.append(torch.stack(rewards))
    extra = (gained[1] - gained[0]).round(decimals=4)
    assert set(extra.unique().tolist()) == {0.0, 0.5}
    assert (extra[-1] == 0.5).all()


def test_steps_whose_memory_is_an_older_students_are_not_learnt_from():
    first = torch.zeros(6, 2, 1)
    first[2, 1] = 1.0  # an episode begins, and with it a memory that is nobody's
    settings = ImitationSettings(burn_in=4)
    for layers, expected in ((1, [[0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 1, 1]]), (0, [[1] * 6] * 2)):
        student = model(IMAGES, layers)
        learner = Imitation(student, model(), ("state",), settings, cloning=False)
        assert learner.trusted(first)[..., 0].T.tolist() == expected


def test_what_the_student_remembers_is_taught_to_tell_what_the_script_goes_by():
    learner = Imitation(model(IMAGES, 1), model(), ("state",), ImitationSettings(), cloning=False)
    latent = torch.randn(6, 50, learner.student.said_size, generator=torch.Generator().manual_seed(0))
    clues = torch.zeros(6, 50, MOST_CLUES)
    clues[..., 0], clues[..., 1] = latent[..., 0], -latent[..., 1]
    told = {"stage": (latent[..., 2] > 0.0).long() * 7, "clues": clues}
    optimizer, costs = torch.optim.Adam(learner.hints.parameters(), lr=0.05), {}
    for name, value in told.items():
        windows = TensorDict({name: value}, batch_size=(6, 50))
        for _ in range(150):
            cost = learner._unsaid(windows, latent)
            costs.setdefault(name, []).append(cost.item())
            optimizer.zero_grad()
            cost.backward()
            optimizer.step()
        assert costs[name][-1] < 0.2 * costs[name][0], name
    assert float(learner._unsaid(TensorDict({}, batch_size=(6, 50)), latent)) == 0.0


def test_scripts_tell_what_they_are_at_and_go_by():
    legs = LeggedEnv(load_legged_task("stand"), 2, seed=0, threads=1)
    for env, script, told in ((ContactTaskEnv("peg_insertion", 2, threads=1), Search, 7), (legs, CaptureSteps, 9)):
        env.reset()
        teacher = ScriptedTeacher(script)
        teacher.watch(env)
        for _ in range(2):
            env.step(teacher(TensorDict({}, batch_size=2)).numpy())
        stage, clues = teacher.stage(), teacher.clues()
        assert stage.shape == (2,)
        assert clues.shape == (2, MOST_CLUES)
        assert (clues[:, told:] == 0.0).all()
        assert (clues[:, :told].abs().amax(0) > 0.0).sum() >= 3


def test_a_script_that_does_one_thing_tells_nothing():
    teacher = ScriptedTeacher(Script)
    teacher.watch(make_env(2, ("state",), 3))
    assert teacher.stage() is None
    assert teacher.clues() is None
