"""Lost packets: commands stay in force, states repeat, and without loss nothing is drawn."""

import numpy as np
import pytest

from sim.distributions import Constant
from sim.envs.losses import PacketLoss
from sim.envs.multirotor import MultirotorEnv
from sim.randomization import NOMINAL_TABLE, RandomizationTable, Term
from sim.tasks import hover

N = 2000


@pytest.fixture
def losses():
    losses = PacketLoss(N, 2)
    losses.seed(np.random.default_rng(1))
    losses.restart(np.arange(N), np.float32([0.0, 0.05, 0.5, 1.0]).repeat(N // 4))
    return losses


def per_share(values):
    return values.reshape(4, -1).mean(axis=1)


def test_a_lost_command_leaves_the_one_before_in_force(losses):
    held, sent = np.zeros((N, 3), np.float32), np.ones((N, 3), np.float32)
    losses.receive(sent, held)
    assert set(np.unique(held)) <= {0.0, 1.0}
    assert np.array_equal(held[:, 0], held[:, 2])
    assert per_share(held[:, 0]) == pytest.approx([1.0, 0.95, 0.5, 0.0], abs=0.06)


def test_a_lost_state_repeats_the_one_seen_last_but_the_first_arrives(losses):
    seen = []
    for step in range(3):
        state = np.full((N, 2), float(step), np.float32)
        losses.repeat(state)
        seen.append(state[:, 0].copy())
    assert np.all(seen[0] == 0.0)
    assert per_share(seen[1]) == pytest.approx([1.0, 0.95, 0.5, 0.0], abs=0.06)
    again = seen[2] != 2.0
    assert np.array_equal(seen[2][again], seen[1][again])
    assert np.all(seen[2][-N // 4 :] == 0.0)


def test_a_new_episode_shows_its_start(losses):
    losses.repeat(np.zeros((N, 2), np.float32))
    losses.restart(np.array([N - 1]), np.float32([1.0]))
    state = np.ones((N, 2), np.float32)
    losses.repeat(state)
    assert state[-1, 0] == 1.0
    assert state[-2, 0] == 0.0


def test_the_environment_tells_the_policy_what_it_sent_and_moves_by_what_arrived():
    table = RandomizationTable("deaf", (Term("packet_loss", Constant(1.0), "set", "test"),))
    deaf = MultirotorEnv(hover, 4, table=table, seed=2, threads=1)
    first = deaf.observation.copy()
    hovering = np.tile(np.float32(hover.TASK.action.nominal), (4, 1))
    listening = MultirotorEnv(hover, 4, table=NOMINAL_TABLE, seed=2, threads=1)
    for _ in range(5):
        deaf.step(np.ones((4, 4), np.float32))
        listening.step(hovering)
    assert np.array_equal(deaf.state, listening.state)
    assert np.array_equal(deaf.observation[:, :18], first[:, :18])
    assert np.all(deaf.observation[:, 18:] == 1.0)


def test_a_link_without_loss_draws_no_random_numbers():
    table = RandomizationTable("perfect", (Term("packet_loss", Constant(0.0), "set", "test"),), hover._NOISE_STD)
    without = RandomizationTable("none", (), hover._NOISE_STD)
    action = np.tile(np.float32(hover.TASK.action.nominal), (3, 1))
    seen = []
    for chosen in (table, without):
        env = MultirotorEnv(hover, 3, table=chosen, seed=4, threads=1)
        for _ in range(4):
            env.step(action)
        seen.append(env.observation.copy())
    assert np.array_equal(*seen)


def test_the_seed_decides_what_is_lost():
    table = RandomizationTable("lossy", (Term("packet_loss", Constant(0.5), "set", "test"),))
    rng = np.random.default_rng(0)
    commands = rng.random((20, 8, 4)).astype(np.float32)
    ends = []
    for seed in (1, 1, 2):
        env = MultirotorEnv(hover, 8, table=table, threads=1)
        env.seed(seed)
        env.reset()
        for command in commands:
            env.step(command)
        ends.append(env.state)
    assert np.array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0][:, 13:], ends[2][:, 13:])
