"""The exported graph: the same function, small, clean, and enough to get the actor back."""

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from policies import export_onnx as module
from policies import networks
from policies.bundle import load_bundle, save_bundle
from policies.export_onnx import OPSET, export_onnx, read_initializers, rebuild_torch
from sim.errors import BundleError, VerificationError
from tests.policies.actors import PlainActor, RecurrentActor

CLUTTER = {"Cast", "Shape", "ConstantOfShape", "Reshape", "Unsqueeze", "Squeeze", "Identity", "Constant", "Gather"}


@pytest.fixture(scope="module")
def model(parts):
    return onnx.load_model_from_string(parts.onnx)


def shape(value):
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


def test_inputs_and_outputs_follow_the_contract(model):
    assert {value.name: shape(value) for value in model.graph.input} == {
        "observation": ["batch", 22],
        "state_in": ["batch", 11],
        "reset": ["batch", 1],
    }
    assert {value.name: shape(value) for value in model.graph.output} == {
        "action": ["batch", 4],
        "state_out": ["batch", 11],
    }


def test_without_memory_there_is_one_input_and_one_output(plain_parts):
    graph = onnx.load_model_from_string(plain_parts.onnx).graph
    assert {value.name: shape(value) for value in graph.input} == {"observation": ["batch", 22]}
    assert {value.name: shape(value) for value in graph.output} == {"action": ["batch", 4]}


def test_one_file_with_its_weights(model):
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]
    assert not model.functions
    for tensor in model.graph.initializer:
        assert tensor.data_location == onnx.TensorProto.DEFAULT
        assert not tensor.external_data


def test_the_graph_is_free_of_clutter(model):
    assert not {node.op_type for node in model.graph.node} & CLUTTER


def test_nothing_of_the_exporter_stays(model, parts):
    assert b".py" not in parts.onnx
    assert b"torch" not in parts.onnx
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)


def test_constants_bear_the_names_of_parameters(parts):
    constants = read_initializers(parts.onnx)
    for name, value in parts.actor.state_dict().items():
        np.testing.assert_array_equal(constants[name], value.numpy())


def test_a_folded_parameter_is_kept(plain_parts):
    model = onnx.load_model_from_string(plain_parts.onnx)
    used = {name for node in model.graph.node for name in node.input}
    assert "log_gain" not in used
    np.testing.assert_array_equal(
        read_initializers(plain_parts.onnx)["log_gain"], plain_parts.actor.log_gain.detach().numpy()
    )


def test_the_export_repeats_to_the_byte(parts):
    assert export_onnx(parts.actor) == parts.onnx


def test_the_actor_is_left_as_it_was(parts):
    actor = RecurrentActor().double().train()
    export_onnx(actor)
    assert actor.training
    assert next(actor.parameters()).dtype == torch.float64


class Differs(RecurrentActor):
    """Computes something else while it is traced than afterwards."""

    def forward(self, observation, state_in, reset):
        action, state = super().forward(observation, state_in, reset)
        return action + (0.01 if torch.compiler.is_compiling() else 0.0), state


def test_a_graph_that_differs_from_torch_is_refused():
    with pytest.raises(VerificationError, match=r"the exported 'action' differs from torch by 1\.0e-02"):
        export_onnx(Differs())


def test_a_steep_actor_may_round_as_torch_itself_does(monkeypatch):
    torch.manual_seed(2)
    actor = networks.build({"kind": "memory_mlp", "hover": 0.5})
    with torch.no_grad():
        for layer, factor in ((actor.layer1, 10.0), (actor.layer2, 30.0), (actor.layer3, 300.0)):
            layer.weight.mul_(factor)
    export_onnx(actor)
    monkeypatch.setattr(module, "ROUNDING_ROOM", 0.0)
    with pytest.raises(VerificationError, match="differs from torch"):
        export_onnx(actor)


class Branches(PlainActor):
    """Decides on the data which graph it is."""

    def forward(self, observation, state_in, reset):
        action, state = super().forward(observation, state_in, reset)
        return (action if observation.sum() > 0 else 1.0 - action), state


def test_an_actor_without_a_fixed_graph_is_refused():
    with pytest.raises(VerificationError, match="Branches cannot be exported to ONNX") as caught:
        export_onnx(Branches())
    assert "\n" not in str(caught.value)


@pytest.fixture
def registered(monkeypatch):
    """Make the test actors known to ``policies.networks``."""
    monkeypatch.setattr(networks, "build", lambda config: RecurrentActor(seed=1))


def test_torch_comes_back_from_the_bundle(pristine, parts, registered):
    actor = rebuild_torch(load_bundle(pristine))
    for name, value in parts.actor.state_dict().items():
        torch.testing.assert_close(actor.state_dict()[name], value, rtol=0, atol=0)


def test_a_bundle_that_lacks_weights(parts, tmp_path, registered):
    model = onnx.load_model_from_string(parts.onnx)
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == "head.bias")
    tensor.CopyFrom(numpy_helper.from_array(np.zeros(3, np.float32), "head.bias"))
    bundle = save_bundle(tmp_path / "b", parts.info, model.SerializeToString(), parts.golden)
    with pytest.raises(BundleError, match=r"no weights 'head.bias' of shape \(4,\)"):
        rebuild_torch(bundle)


def test_the_bound_is_stricter_than_the_runtimes():
    from policies.runtime import SELF_CHECK_BOUND

    assert module.EXPORT_BOUND < SELF_CHECK_BOUND
