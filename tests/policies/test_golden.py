"""Golden sequences: seeded, closed-loop, and beyond what a flight visits."""

import numpy as np
import pytest
import torch

from policies import networks
from policies.golden import SEQUENCES, STEPS, record_golden
from policies.torch_policy import TorchPolicy
from policies.training_run import TrainConfig, new_actor
from sim.errors import ConfigError
from sim.tasks import hover, hover_attitude

POSITION, ROTATION, RATE, APPLIED = slice(0, 3), slice(3, 12), slice(15, 18), slice(18, 22)


@pytest.fixture(scope="module")
def policy():
    torch.manual_seed(0)
    return TorchPolicy(networks.build({"kind": "memory_mlp", "hover": hover.NOMINAL.hover_command}).eval())


@pytest.fixture(scope="module")
def golden(policy):
    return record_golden(policy, hover, seed=0)


def test_shapes(golden):
    assert golden.observation.shape == (SEQUENCES, STEPS, 22)
    assert golden.reset.shape == (SEQUENCES, STEPS)
    assert golden.state.shape == (SEQUENCES, STEPS, 25)
    assert golden.action.shape == (SEQUENCES, STEPS, 4)
    assert all(array.dtype == np.float32 for array in vars(golden).values())


def test_the_seed_decides(policy, golden):
    again, other = record_golden(policy, hover, seed=0), record_golden(policy, hover, seed=1)
    for name, array in vars(golden).items():
        np.testing.assert_array_equal(getattr(again, name), array)
    assert not np.array_equal(other.observation, golden.observation)


def test_recording_leaves_the_global_generators_alone(policy):
    torch.manual_seed(5)
    np.random.seed(5)
    expected = torch.rand(1), np.random.rand()
    torch.manual_seed(5)
    np.random.seed(5)
    record_golden(policy, hover, seed=0, sequences=4, steps=10)
    assert (torch.rand(1), np.random.rand()) == expected


def test_the_loop_is_closed(golden):
    """The command of one step is the observed applied command of the next, except after a reset."""
    plain = slice(0, SEQUENCES * 3 // 4)
    same = np.clip(golden.action[plain, :-1], 0.0, 1.0) == golden.observation[plain, 1:, APPLIED]
    fresh = golden.reset[plain, 1:] > 0.5
    assert same[~fresh].all()
    np.testing.assert_array_equal(
        golden.observation[plain, 1:, APPLIED][fresh],
        np.tile(np.float32(hover.TASK.action.nominal), (int(fresh.sum()), 1)),
    )


def test_a_task_in_other_units_is_recorded_in_them():
    torch.manual_seed(0)
    action = hover_attitude.TASK.action
    actor = new_actor(hover_attitude, TrainConfig()).eval()
    golden = record_golden(TorchPolicy(actor), hover_attitude, seed=0, sequences=4, steps=60)
    applied = golden.observation[..., APPLIED]
    assert np.all(applied >= np.float32(action.low))
    assert np.all(applied <= np.float32(action.high))
    np.testing.assert_array_equal(applied[:, 0], np.tile(np.float32(action.nominal), (4, 1)))
    plain = golden.reset[:3, 1:] < 0.5
    np.testing.assert_array_equal(golden.action[:3, :-1][plain], applied[:3, 1:][plain])


def test_every_sequence_starts_with_a_reset_and_some_reset_in_the_middle(golden):
    assert (golden.reset[:, 0] == 1.0).all()
    assert (golden.reset[2:4, STEPS // 2] == 1.0).all()


def test_airframes_differ(golden):
    """The same command moves each airframe otherwise: rates after the first steps are not equal."""
    rates = golden.observation[:, 5, RATE]
    assert len(np.unique(rates.round(3), axis=0)) == SEQUENCES


def test_inputs_go_beyond_any_flight(golden):
    observation = golden.observation
    assert np.abs(observation[..., POSITION]).max() > 2.0
    assert np.abs(observation[..., RATE]).max() > 15.0
    assert (observation[..., 11] < -0.5).any(), "never upside down"
    assert set(np.unique(observation[-1, -1, APPLIED])) <= {0.0, 1.0}


def test_rotations_are_rotations(golden):
    matrices = golden.observation[..., ROTATION].reshape(-1, 3, 3).astype(np.float64)
    noise = 6 * hover.TASK.actor_terms[1].noise_std
    np.testing.assert_allclose(
        matrices @ matrices.transpose(0, 2, 1), np.tile(np.eye(3), (len(matrices), 1, 1)), atol=4 * noise
    )


def test_a_task_the_kernel_cannot_fly(policy):
    from dataclasses import replace
    from types import SimpleNamespace

    task = replace(hover.TASK, actor_terms=hover.TASK.actor_terms[:-1])
    other = SimpleNamespace(**{**vars(hover), "TASK": task})
    with pytest.raises(ConfigError, match="the task asks for"):
        record_golden(policy, other, seed=0)
