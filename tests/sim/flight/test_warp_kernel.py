"""The Warp kernel against the numba kernel and its hand-written adjoint, on whatever device is there."""

import sys

import numpy as np
import pytest

pytest.importorskip("warp", reason="warp-lang is not in the test requirements: pip install 'sim2metal[gpu]'")

from sim.errors import ConfigError
from sim.flight import kernel, layout
from sim.flight.adjoint import step_adjoint
from sim.flight.warp_flight import WarpFlight, step
from sim.flight.warp_flight import step_adjoint as warp_adjoint
from tests.sim.flight.batches import (
    random_commands,
    random_parameters,
    random_states,
    random_wind,
    with_all_terms,
)

N = 400


def batch(num_rotors=4, full=True):
    rng = np.random.default_rng(num_rotors)
    parameters = random_parameters(rng, N, num_rotors=num_rotors)
    if full:
        with_all_terms(rng, parameters)
    state, command = random_states(rng, N, num_rotors), random_commands(rng, N, num_rotors)
    return state, command, parameters.packed(0.01), random_wind(rng, N)


def relative_error(value, truth):
    return float((np.abs(value - truth).max(1) / np.linalg.norm(truth, axis=1)).max())


@pytest.mark.parametrize("full", [False, True])
def test_one_step_equals_numbas(full):
    state, command, packed, wind = batch(full=full)
    following = kernel.step(state, command, packed, wind)
    assert relative_error(step(state, command, packed, wind), following) < 1e-6
    still = kernel.step(state, command, packed)
    assert relative_error(step(state, command, packed), still) < 1e-6
    assert (relative_error(following, still) > 1e-5) is full  # without drag, wind moves nothing


@pytest.mark.parametrize("full", [False, True])
def test_the_gradient_equals_the_hand_written_adjoint(full):
    state, command, packed, wind = batch(full=full)
    assert not full or (command < packed[:, layout.DEAD_ZONE, None]).any()
    grad_next = np.random.default_rng(9).normal(size=state.shape).astype(np.float32)
    expected = step_adjoint(state, command, packed, grad_next, wind)
    for ours, theirs in zip(warp_adjoint(state, command, packed, grad_next, wind), expected):
        assert relative_error(ours, theirs) < 2e-5


def test_a_flight_on_the_device_equals_many_steps():
    state, command, packed, wind = batch()
    flight = WarpFlight(state, packed, command, wind)
    for commands in (command, command[::-1].copy()):
        flight.command(commands)
        flight.fly(5)
        for _ in range(5):
            state = kernel.step(state, commands, packed, wind)
    flight.wait()
    assert relative_error(flight.state, state) < 1e-5


def test_nan_stays_in_its_environment():
    state, command, packed, wind = batch()
    expected = step(state, command, packed, wind)
    command[2, 1] = np.nan
    following = step(state, command, packed, wind)
    assert np.isnan(following[2, 7:13]).all()
    others = np.arange(N) != 2
    np.testing.assert_array_equal(following[others], expected[others])


def test_wrong_arrays_and_devices_are_refused():
    state, command, packed, wind = batch()
    with pytest.raises(ConfigError, match="'state' must be float32"):
        step(state.astype(np.float64), command, packed)
    with pytest.raises(ConfigError, match="'packed' must have shape"):
        WarpFlight(state, packed[:, :-1], command, wind)
    with pytest.raises(ConfigError, match="Warp has no device 'cuda:77'"):
        step(state, command, packed, device="cuda:77")
    with pytest.raises(ConfigError, match="Warp has no device 'toaster'"):
        step(state, command, packed, device="toaster")


def test_without_warp_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "warp", None)
    monkeypatch.delitem(sys.modules, "sim.flight.warp_kernel")
    with pytest.raises(ConfigError, match=r"pip install 'sim2metal\[gpu\]'"):
        import sim.flight.warp_kernel  # noqa: F401


@pytest.mark.slow
def test_it_compiles_for_a_gpu_that_is_not_there(tmp_path):
    from sim.flight.warp_kernel import kernels, wp

    for one in kernels(4):
        wp.compile_aot_module(one.module, arch=90, module_dir=str(tmp_path))
    assert len(list(tmp_path.glob("*.sm90.cubin"))) == 2
