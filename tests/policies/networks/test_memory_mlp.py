"""The flight actor: what its memory keeps, what it ignores, and that it can be rebuilt."""

import math

import numpy as np
import pytest
import torch

from policies.networks import build
from policies.networks.memory_mlp import MemoryMlp, MemoryMlpConfig
from sim.errors import ConfigError
from sim.spec import GRAVITY

HOVER = 0.6673
OBSERVATION_SIZE, STATE_SIZE = 22, 25


@pytest.fixture
def actor():
    torch.manual_seed(3)
    actor = MemoryMlp(MemoryMlpConfig(hover=HOVER))
    with torch.no_grad():
        actor.layer3.weight.mul_(20.0)
    return actor


def rotations(count, generator):
    q, _ = torch.linalg.qr(torch.randn(count, 3, 3, generator=generator))
    return q * torch.sign(torch.linalg.det(q))[:, None, None]


def observations(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    observation = torch.randn(count, OBSERVATION_SIZE, generator=generator)
    observation[:, 3:12] = rotations(count, generator).reshape(count, 9)
    observation[:, 18:] = torch.rand(count, 4, generator=generator)
    return observation


def test_commands_stay_in_range_and_start_at_hover():
    actor = MemoryMlp(MemoryMlpConfig(hover=HOVER))
    level = torch.zeros(1, OBSERVATION_SIZE)
    level[:, [3, 7, 11]] = 1.0
    level[:, 18:] = HOVER
    action, _ = actor(level, torch.zeros(1, STATE_SIZE), torch.ones(1, 1))
    assert torch.allclose(action, torch.full((1, 4), HOVER), atol=0.03)
    wild, _ = actor(1e6 * observations(100), torch.zeros(100, STATE_SIZE), torch.ones(100, 1))
    assert wild.min() >= 0.0
    assert wild.max() <= 1.0


def test_reset_ignores_the_state_even_if_it_is_not_a_number(actor):
    observation, ones = observations(5), torch.ones(5, 1)
    clean = actor(observation, torch.zeros(5, STATE_SIZE), ones)
    dirty = actor(observation, torch.full((5, STATE_SIZE), math.nan), ones)
    for a, b in zip(clean, dirty):
        assert torch.equal(a, b)


@pytest.mark.parametrize("element", range(OBSERVATION_SIZE))
def test_a_bad_observation_cannot_hide(actor, element):
    observation = observations(1)
    observation[0, element] = math.nan
    action, _ = actor(observation, torch.zeros(1, STATE_SIZE), torch.ones(1, 1))
    assert action.isnan().any()


def test_yaw_drops_out(actor):
    observation, state = observations(20), torch.zeros(20, STATE_SIZE)
    yaw = torch.tensor([[math.cos(0.8), -math.sin(0.8), 0.0], [math.sin(0.8), math.cos(0.8), 0.0], [0.0, 0.0, 1.0]])
    turned = observation.clone()
    # Turn position, attitude and velocity; the squash is per axis, so keep both small.
    observation[:, 0:3] *= 0.01
    observation[:, 12:15] *= 0.01
    turned[:, 0:3] = observation[:, 0:3] @ yaw.T
    turned[:, 12:15] = observation[:, 12:15] @ yaw.T
    turned[:, 3:12] = (yaw @ observation[:, 3:12].reshape(-1, 3, 3)).reshape(-1, 9)
    ones = torch.ones(20, 1)
    assert torch.allclose(actor(observation, state, ones)[0], actor(turned, state, ones)[0], atol=1e-4)


def test_history_is_that_of_the_applied_commands(actor):
    state, reset = torch.zeros(1, STATE_SIZE), torch.ones(1, 1)
    commands = torch.rand(6, 4)
    for command in commands:
        observation = observations(1)
        observation[:, 18:] = command
        history, _ = actor.remember(observation, state, reset)
        _, state = actor(observation, state, reset)
        reset = torch.zeros(1, 1)
    assert torch.equal(state[0, :8], commands[[5, 4]].flatten())
    assert torch.equal(history[0], commands[[4, 3]].flatten())


def test_a_constant_command_and_velocity_are_remembered_as_such(actor):
    observation = observations(1)
    state, reset = torch.zeros(1, STATE_SIZE), torch.ones(1, 1)
    for _ in range(50):
        _, state = actor(observation, state, reset)
        reset = torch.zeros(1, 1)
    assert torch.allclose(state[0, 8:12], observation[0, 18:])
    assert torch.allclose(state[0, 12:16], observation[0, 18:])
    assert torch.allclose(state[0, 19:22], observation[0, 12:15])


def test_the_integral_is_bounded_however_long_the_robot_is_held(actor):
    settings = actor.settings
    observation = observations(1)
    observation[0, :3] = torch.tensor([100.0, -100.0, 0.0])
    state, reset = torch.zeros(1, STATE_SIZE), torch.ones(1, 1)
    for _ in range(5000):
        with torch.no_grad():
            _, state = actor(observation, state, reset)
        reset = torch.zeros(1, 1)
    bound = settings.integral_range_m * settings.integral_leak_s
    assert 0.9 * bound < state[0, 16] < 1.01 * bound
    assert state[0, 17] == -state[0, 16]
    assert state[0, 18].abs() < 1e-6


def fly_with_observer(actor, acceleration, noise_m=0.0, tilt=0.0, seconds=2.0):
    """Let an actor watch a robot that speeds up along x while it leans by ``tilt``; returns errors and its memory."""
    rng, dt, reset = np.random.default_rng(0), actor.settings.control_period_s, torch.ones(1, 1)
    state, positions, filtered = torch.zeros(1, actor.state_size), [], []
    for t in np.arange(0.0, seconds, dt):
        observation = torch.zeros(1, OBSERVATION_SIZE)
        observation[0, 3:12] = torch.tensor(
            [math.cos(tilt), 0, math.sin(tilt), 0, 1, 0, -math.sin(tilt), 0, math.cos(tilt)]
        )
        positions.append(0.5 * acceleration * t**2)
        observation[0, 0], observation[0, 12] = positions[-1] + noise_m * rng.normal(), acceleration * t
        observation[0, 18:] = HOVER
        with torch.no_grad():
            _, state = actor(observation, state, reset)
        filtered.append(float(state[0, 25]))
        reset = torch.zeros(1, 1)
    return np.array(filtered) - np.array(positions), state[0, 25:34].numpy()


@pytest.fixture
def observing():
    torch.manual_seed(3)
    return MemoryMlp(MemoryMlpConfig(hover=HOVER, observer_s=0.15))


def test_the_observer_finds_what_the_thrust_does_not_explain(observing):
    tilt, asked = 0.1, 0.1 * GRAVITY
    _, still = fly_with_observer(observing, asked, tilt=tilt)
    np.testing.assert_allclose(still[6:], 0.0, atol=0.01 * asked)
    _, pushed = fly_with_observer(observing, asked + 0.05, tilt=tilt)
    np.testing.assert_allclose(pushed[6:], [0.05, 0.0, 0.0], atol=0.01 * asked)
    _, misread = fly_with_observer(observing, 0.0, tilt=tilt)
    np.testing.assert_allclose(misread[6:], [-asked, 0.0, 0.0], atol=0.01 * asked)


def test_the_observer_takes_most_of_the_noise_from_the_position_and_does_not_lag(observing):
    error, _ = fly_with_observer(observing, 2.0, seconds=3.0)
    assert np.abs(error).max() < 0.02  # (0.5 a dt^2 per step, forgotten in 15 steps; the robot is 9 m away by then)
    noisy, _ = fly_with_observer(observing, 0.0, noise_m=0.01, seconds=10.0)
    assert 0.001 < noisy[50:].std() < 0.0025  # the root of dt / (2 tau): 0.18 of the noise


def test_an_observing_actor_is_made_again_from_its_settings(observing):
    twin = build(observing.config())
    assert twin.state_size == observing.state_size == STATE_SIZE + 9
    assert len(observing.state_scale) == observing.state_size


def test_every_state_stays_within_its_scale_in_order_of_magnitude(actor):
    assert len(actor.state_scale) == STATE_SIZE
    assert np.all(np.array(actor.state_scale) > 0.0)


def test_rebuilt_from_its_config_it_computes_the_same(actor):
    import json

    twin = build(json.loads(json.dumps(actor.config())))
    twin.load_state_dict(actor.state_dict())
    observation, state = observations(4), torch.zeros(4, STATE_SIZE)
    for a, b in zip(actor(observation, state, torch.ones(4, 1)), twin(observation, state, torch.ones(4, 1))):
        assert torch.equal(a, b)


def test_unknown_networks_and_settings_are_refused():
    with pytest.raises(ConfigError, match="memory_mlp"):
        build({"kind": "transformer"})
    with pytest.raises(ConfigError, match="colour"):
        build({"kind": "memory_mlp", "hover": 0.5, "colour": 1})


def test_ranges_change_the_units_of_commands_and_nothing_else(actor):
    low, high = (-0.5, -0.5, -2.0, 0.1), (0.5, 0.5, 2.0, 0.9)
    settings = {"command_low": low, "command_high": high, "hover": (0.5, 0.5, 0.5, 0.43)}
    ranged = MemoryMlp(MemoryMlpConfig(**settings))
    plain = MemoryMlp(MemoryMlpConfig(hover=settings["hover"]))
    plain.load_state_dict(ranged.state_dict())
    bottom, span = torch.tensor(low), torch.tensor(high) - torch.tensor(low)
    fractions, state, zeros = observations(6), torch.rand(6, STATE_SIZE), torch.zeros(6, 1)
    commands = fractions.clone()
    commands[:, 18:] = bottom + span * fractions[:, 18:]
    expected, expected_state = plain(fractions, state, zeros)
    action, state_out = ranged(commands, state, zeros)
    assert torch.allclose(action, bottom + span * expected, atol=1e-5)
    assert torch.allclose(state_out, expected_state, atol=1e-5)


def test_each_channel_starts_at_its_own_hover_command():
    hover = (0.5, 0.5, 0.5, 0.43)
    actor = MemoryMlp(MemoryMlpConfig(hover=hover, command_low=(-1.0, -1.0, -1.0, 0.0)))
    level = torch.zeros(1, OBSERVATION_SIZE)
    level[:, [3, 7, 11]] = 1.0
    level[:, 18:] = torch.tensor([0.0, 0.0, 0.0, 0.43])
    action, _ = actor(level, torch.zeros(1, STATE_SIZE), torch.ones(1, 1))
    assert torch.allclose(action, torch.tensor([[0.0, 0.0, 0.0, 0.43]]), atol=0.06)
