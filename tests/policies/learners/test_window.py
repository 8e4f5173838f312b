"""Back-propagation through a whole window equals autodiff over the same chain of parts."""

import numpy as np
import pytest
import torch

from policies.learners.analytic import flatten
from policies.learners.drones import Drones, StartConfig, delay_weights
from policies.learners.flight_cost import FlightCost, cost, cost_adjoint
from policies.learners.memory_kernel import constants
from policies.learners.window import DELAY_TAPS, Window
from policies.training_run import TrainConfig, new_actor
from sim.flight import adjoint, cascade_kernel, kernel
from sim.flight.plant import CascadePlant, RotorPlant
from sim.tasks import any_airframe, hover, hover_attitude, track
from tests.policies.learners.test_memory_kernel import torch_rotation

N, STEPS = 6, 9


class Physics(torch.autograd.Function):
    """A plant's kernel (checked elsewhere) as one node of torch's graph."""

    kernels = {  # noqa: RUF012
        RotorPlant: (kernel.step, adjoint.step_adjoint),
        CascadePlant: (cascade_kernel.step, cascade_kernel.step_adjoint),
    }

    @staticmethod
    def forward(ctx, state, command, plant):
        step, ctx.adjoint = Physics.kernels[type(plant)]
        ctx.inputs = state.detach().numpy().copy(), command.detach().numpy().copy(), plant.packed
        ctx.wind_w = plant[1:]  # what blows beside the coefficients, if anything
        return torch.from_numpy(step(*ctx.inputs, *ctx.wind_w))

    @staticmethod
    def backward(ctx, *grads):
        grad_state, grad_command = ctx.adjoint(*ctx.inputs, np.ascontiguousarray(grads[0].numpy()), *ctx.wind_w)
        return torch.from_numpy(grad_state), torch.from_numpy(grad_command), None


def torch_cost(state, target, command, previous, trim, c: FlightCost):
    p, v = state[:, 0:3] - target[:, 0:3], state[:, 7:10] - target[:, 3:6]
    thrust = target[:, 6:9] + torch.tensor([0.0, 0.0, 9.81])
    axis = torch_rotation(state[:, 3:7])[:, 2::3]
    aligned = (axis * thrust).sum(1) / thrust.norm(dim=1)
    squared = (p * p).sum(1)
    wanted = -c.approach_rate * p / torch.sqrt(1 + squared * (c.approach_rate / c.approach_speed) ** 2)[:, None]
    total = c.velocity * ((v - wanted) ** 2).sum(1) + c.position * squared
    total = total + c.distance * (torch.sqrt(squared + c.distance_radius_m**2) - c.distance_radius_m)
    total = total + c.tilt * (1 - aligned) + c.rate * (state[:, 10:13] ** 2).sum(1)
    total = total + c.effort * ((command - trim) ** 2).sum(1)
    return total + c.packed()[7] * ((command - previous) ** 2).sum(1)


def observe(state, noise, seen, last):
    parts = [state[:, 0:3] - seen[:, 0:3], torch_rotation(state[:, 3:7]), state[:, 7:10], state[:, 10:13]]
    known = [seen[:, 3:]] if seen.shape[1] > 6 else []
    return torch.cat([torch.cat(parts, dim=1) + noise, last, *known], dim=1)


@pytest.fixture(params=[hover, hover_attitude, track, any_airframe], ids=lambda task: task.TASK.name)
def flight(request):
    task = request.param
    torch.manual_seed(1)
    rng = np.random.default_rng(5)
    actor = new_actor(task, TrainConfig(hidden=(12, 10)))
    with torch.no_grad():
        list(actor.children())[-1].weight.mul_(3.0)
    drones = Drones(task, task.TRAINING_TABLE, task.NOMINAL, N, StartConfig(pool=16, references=8, jump_share=0.5), rng)
    window = Window(actor, N, STEPS, drones.state_size)
    drones.prepare(window, STEPS)
    return actor, drones, window


def test_the_window_gradient_equals_autodiff_through_actor_delay_and_physics(flight):
    actor, drones, window = flight
    weights = FlightCost()
    discounts = (0.97 ** np.arange(STEPS + 1)).astype(np.float32)
    parameters, packed_actor = flatten(actor), constants(actor)
    terminal = np.random.default_rng(0).normal(size=(N, 17)).astype(np.float32)

    state = torch.from_numpy(window.state[0].copy())
    before = torch.from_numpy(window.command[:3].copy())
    low, span = actor.command_low, actor.command_span
    commands = [before[0], before[1], before[2]]  # fractions of their ranges, as in the window
    memory, reset = torch.zeros(N, actor.state_size), torch.ones(N, 1)
    delay, trim = torch.from_numpy(drones.delay), torch.from_numpy(drones.trim)
    loss = torch.zeros(())
    for t in range(STEPS):
        noise, seen = torch.from_numpy(window.noise[t]), torch.from_numpy(window.seen[t])
        action, memory = actor(observe(state, noise, seen, low + span * commands[-1]), memory, reset)
        reset = torch.zeros(N, 1)
        commands.append((action - low) / span)
        delayed = sum(delay[:, k : k + 1] * commands[-1 - k] for k in range(4))
        state = Physics.apply(state, delayed, drones.plant)
        loss = (
            loss
            + float(discounts[t])
            * torch_cost(state, torch.from_numpy(window.target[t + 1]), commands[-1], commands[-2], trim, weights).sum()
        )
    (loss + (state * torch.from_numpy(terminal)).sum()).backward()
    expected = np.concatenate([p.grad.numpy().T.ravel() for p in actor.parameters()])

    gradient = np.zeros_like(parameters)
    window.fly(parameters, packed_actor, drones, tuple(weights.packed()))
    window.grad_state[:] = terminal
    window.back_propagate(parameters, packed_actor, drones, tuple(weights.packed()), discounts, gradient)
    np.testing.assert_allclose(window.state[-1], state.detach().numpy(), atol=2e-3)
    assert float(discounts[:STEPS] @ window.cost.sum(axis=1)) == pytest.approx(float(loss.detach()), rel=1e-3)
    assert np.abs(gradient - expected).max() < 5e-3 * np.abs(expected).max()
    assert np.dot(gradient, expected) > 0.9999 * np.linalg.norm(gradient) * np.linalg.norm(expected)


def test_two_short_windows_fly_the_same_as_one_long(flight):
    actor, drones, window = flight
    parameters, packed_actor, weights = flatten(actor), constants(actor), tuple(FlightCost().packed())
    window.fly(parameters, packed_actor, drones, weights)
    short = Window(actor, N, 3, drones.state_size)
    short.state[0], short.fresh[:] = window.state[0], True
    short.command[: short.lead] = window.command[: window.lead]
    for block in range(3):
        if block:
            short.carry_over()
        short.noise[:] = window.noise[3 * block : 3 * block + 3]
        short.seen[:], short.target[:] = (
            window.seen[3 * block : 3 * block + 4],
            window.target[3 * block : 3 * block + 4],
        )
        short.fly(parameters, packed_actor, drones, weights)
    np.testing.assert_allclose(short.state[-1], window.state[-1], atol=1e-5)


@pytest.mark.parametrize("channels", [4, 6])
def test_the_cost_and_its_gradient_equal_autodiff(channels):
    rng = np.random.default_rng(0)
    state, target = rng.normal(size=(5, 17)).astype(np.float32), rng.normal(size=(5, 9)).astype(np.float32)
    command, previous, trim = rng.random((3, 5, channels)).astype(np.float32)
    weights = FlightCost()
    out, grads = np.empty(5, np.float32), [np.zeros((5, size), np.float32) for size in (17, channels, channels)]
    cost(state, target, command, previous, trim, tuple(weights.packed()), out)
    cost_adjoint(state, target, command, previous, trim, tuple(weights.packed()), np.float32(0.7), *grads)
    leaves = [torch.from_numpy(a).double().requires_grad_() for a in (state, command, previous)]
    fixed = [torch.from_numpy(a).double() for a in (target, trim)]
    expected = torch_cost(leaves[0], fixed[0], *leaves[1:], fixed[1], weights)
    (0.7 * expected.sum()).backward()
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-5)
    for actual, leaf in zip(grads, leaves):
        np.testing.assert_allclose(actual, leaf.grad.numpy(), atol=1e-4)


def test_delay_weights_are_the_mean_of_a_delayed_hold():
    delay = np.array([0.0, 0.004, 0.01, 0.0275, 0.03, 0.0415])
    weights = delay_weights(delay, 0.01)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-6)
    # Mean age of what the motors see, in periods, is the delay.
    np.testing.assert_allclose(weights @ np.arange(DELAY_TAPS), delay / 0.01, atol=1e-5)
    # Against a fine sampling of the command that is in force at each instant of the period.
    instants = (np.arange(10_000) + 0.5) / 10_000 * 0.01
    for row, seconds in zip(weights, delay):
        age = np.ceil(np.maximum(seconds - instants, 0.0) / 0.01 - 1e-9).astype(int)
        np.testing.assert_allclose(row, np.bincount(age, minlength=DELAY_TAPS) / 10_000, atol=2e-4)
