"""The recurrent actor: torch's own cell inside, a state that starts empty, one graph for every back end."""

from __future__ import annotations

import numpy as np
import onnxruntime
import torch

from policies import networks
from policies.export_onnx import export_onnx
from policies.networks.gru_memory import GruMemory, GruMemoryConfig

BATCH = 5


def make(**settings) -> GruMemory:
    torch.manual_seed(3)
    return GruMemory(GruMemoryConfig(hover=0.6, preview_s=(0.1, 0.3), hidden=(9, 7), **settings)).eval()


def inputs(actor: GruMemory, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    observation = 0.3 * torch.randn(BATCH, actor.observation_size, generator=generator)
    state = 0.3 * torch.randn(BATCH, actor.state_size, generator=generator)
    return observation, state, torch.zeros(BATCH, 1)


def test_recurrence_is_torchs_gru_cell():
    actor = make()
    cell = torch.nn.GRUCell(9, 7)
    cell.weight_ih, cell.bias_ih = actor.gates_from_dense.weight, actor.gates_from_dense.bias
    cell.weight_hh, cell.bias_hh = actor.gates_from_state.weight, actor.gates_from_state.bias
    dense, hidden = torch.randn(BATCH, 9), torch.randn(BATCH, 7)
    torch.testing.assert_close(actor.recur(dense, hidden), cell(dense, hidden))


def test_reset_forgets_whatever_the_state_was():
    actor = make()
    observation, state, reset = inputs(actor)
    first = actor(observation, state, reset + 1.0)
    again = actor(observation, torch.full_like(state, torch.nan), reset + 1.0)
    for a, b in zip(first, again):
        torch.testing.assert_close(a, b)
    later = actor(observation, state, reset)
    assert (later[0] - first[0]).abs().max() > 1e-4


def test_starts_near_the_hover_command():
    actor = make()
    command, _ = actor(*inputs(actor))
    assert (command - 0.6).abs().max() < 0.1


def test_state_size_and_scale_agree():
    actor = make()
    _, state = actor(*inputs(actor))
    assert state.shape == (BATCH, actor.state_size)
    assert len(actor.state_scale) == actor.state_size


def test_rebuilt_from_its_record():
    actor = make()
    twin = networks.build(actor.config())
    twin.load_state_dict(actor.state_dict())
    for a, b in zip(actor(*inputs(actor)), twin(*inputs(actor))):
        torch.testing.assert_close(a, b)


def test_exported_graph_remembers_alike():
    actor = make()
    session = onnxruntime.InferenceSession(export_onnx(actor), providers=["CPUExecutionProvider"])
    observation, state, reset = inputs(actor)
    reset = reset + 1.0
    here = there = state
    for step in range(20):
        observation = inputs(actor, step)[0]
        action, here = actor(observation, here, reset)
        fed = {"observation": observation.numpy(), "state_in": np.asarray(there), "reset": reset.numpy()}
        other, there = session.run(["action", "state_out"], fed)
        np.testing.assert_allclose(other, action.detach().numpy(), atol=1e-5)
        here, reset = here.detach(), torch.zeros(BATCH, 1)


def test_the_committed_size_has_at_most_ten_thousand_parameters():
    actor = networks.build({"kind": "gru_memory", "hover": 0.6, "preview_s": (0.1, 0.3), "hidden": (32, 32)})
    assert sum(p.numel() for p in actor.parameters()) <= 10_000
