import numpy as np
import pytest

from sim.envs.observation import check_actor_terms, noise_std, observe
from sim.errors import ConfigError
from sim.flight.rotation import rotation_matrix
from sim.randomization import RandomizationTable
from sim.tasks.hover import ACTOR_TERMS, CRITIC_TERMS, EVALUATION_TABLE

N = 20_000


@pytest.fixture(scope="module")
def state():
    state = np.random.default_rng(1).standard_normal((N, 13)).astype(np.float32)
    state[:, 3:7] /= np.linalg.norm(state[:, 3:7], axis=1, keepdims=True)
    return state


def observed(state, noise=None, std=None):
    out = np.empty((len(state), 22), np.float32)
    set_point = np.tile(np.array([1.0, 2.0, 3.0], np.float32), (len(state), 1))
    applied = np.tile(np.array([0.1, 0.2, 0.3, 0.4], np.float32), (len(state), 1))
    noise = np.zeros((len(state), 18), np.float32) if noise is None else noise
    observe(state, set_point, applied, noise, np.zeros(22, np.float32) if std is None else std, out)
    return out


def test_terms_stand_where_the_task_says(state):
    out = observed(state)
    assert out[:, 0:3] == pytest.approx(state[:, 0:3] - np.array([1.0, 2.0, 3.0]), abs=1e-6)
    assert out[:, 3:12] == pytest.approx(rotation_matrix(state[:, 3:7].astype(np.float64)).reshape(-1, 9), abs=1e-5)
    assert np.array_equal(out[:, 12:18], state[:, 7:13])
    assert out[0, 18:] == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_noise_has_the_published_deviations_and_spares_the_applied_command(state):
    std = noise_std(ACTOR_TERMS, EVALUATION_TABLE)
    noise = np.random.default_rng(2).standard_normal((N, 18), np.float32)
    difference = observed(state, noise, std) - observed(state)
    expected = np.repeat([0.001, 0.001, 0.002, 0.002, 0.0], [3, 9, 3, 3, 4])
    assert difference.std(axis=0) == pytest.approx(expected, rel=0.03)


def test_other_terms_are_refused():
    with pytest.raises(ConfigError, match="observes"):
        check_actor_terms(CRITIC_TERMS)
    with pytest.raises(ConfigError, match="smell"):
        noise_std(ACTOR_TERMS, RandomizationTable("t", (), (("smell", 1.0),)))
