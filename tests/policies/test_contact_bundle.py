"""Bundles of contact policies: named images, golden sequences, the same function on every back end."""

import dataclasses

import numpy as np
import onnx
import pytest
import torch

from firmware_export.verify import verify
from policies.bundle import load_bundle, save_bundle
from policies.contact_bundle import build_contact_bundle
from policies.contact_evaluation import judge
from policies.contact_job import ContactJob, actor_config
from policies.evaluate_contact import input_of
from policies.export_onnx import rebuild_torch
from policies.learners.contact.inputs import INPUTS, flat_input
from policies.learners.contact.settings import ContactTrainConfig, NetworkSettings
from policies.networks.touch_actor import TouchActor
from policies.runtime import OnnxPolicy
from sim.errors import BundleError, ConfigError
from tests.policies.learners.contact.centring import TASK, make_env

SEEN = INPUTS["image+wrist"]


def new_actor(seen):
    torch.manual_seed(0)
    config = ContactTrainConfig(network=NetworkSettings(hidden=(16, 8), memory_size=6, channels=(4, 4, 6)))
    return TouchActor(actor_config(ContactJob(TASK, "ppo", seen.name, 0, config))).eval()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """Of an untrained actor with pictures, a camera and memory."""
    torch.set_num_threads(1)
    path = tmp_path_factory.mktemp("contact") / "bundle"
    return build_contact_bundle(path, new_actor(SEEN), TASK, SEEN, make_env, 0, {}, {"success_rate": 0.5})


def test_images_are_named_inputs_and_lie_behind_the_flat_observation(bundle):
    info = load_bundle(bundle.path).info
    assert [image.name for image in info.images] == ["image", "wrist"]
    graph = onnx.load(bundle.policy_path).graph
    assert [value.name for value in graph.input] == ["observation", "state_in", "reset", "image", "wrist"]
    assert info.observation_size == 4
    assert info.input_size == 4 + 14 * 10 * 3 * 2
    assert bundle.golden().observation.shape[2] == info.input_size
    assert bundle.golden().reset[1].sum() > bundle.golden().reset[0].sum()  # an episode that ends early


def test_every_back_end_computes_what_was_trained(bundle):
    for parity in verify(bundle, ("torch", "onnx", "c_host")):
        assert parity.passed, parity


def test_cells_that_count_are_compared_relative_to_what_they_get_to(tmp_path):
    """Trained ones count the steps of an episode, here a dozen: what is rounded there is larger than that of one."""
    actor = new_actor(SEEN)
    (cell,) = actor.cells
    with torch.no_grad():
        for part in (cell.from_input, cell.from_output):
            part.weight.mul_(0.03)
        cell.from_input.bias.fill_(8.0)
    counting = build_contact_bundle(tmp_path / "bundle", actor, TASK, SEEN, make_env, 0, {}, {})
    scale = np.array(counting.info.state_scale)
    assert (scale[:6] == 1.0).all(), "outputs are at most one"
    assert (scale[6:12] > 10.0).all()
    assert (np.abs(counting.golden().state).max((0, 1)) == scale)[6:12].all()


def test_a_single_step_is_a_step_of_the_batch(bundle):
    policy, golden = OnnxPolicy(bundle), bundle.golden()
    single = policy.single()
    for observation, action in zip(golden.observation[0, :5], golden.action[0, :5]):
        np.testing.assert_allclose(single.step(observation), action, atol=1e-7)
    with pytest.raises(BundleError, match="shape"):
        single.step(golden.observation[0, 0, :-1])


def test_a_graph_whose_images_have_other_shapes_is_refused(bundle, tmp_path):
    image, wrist = bundle.info.images
    turned = dataclasses.replace(bundle.info, images=(dataclasses.replace(image, shape=(1, 10, 14, 3)), wrist))
    path = save_bundle(tmp_path / "turned", turned, bundle.read_policy(), bundle.golden()).path
    with pytest.raises(BundleError, match="'image' is"):
        OnnxPolicy(path)
    nameless = dataclasses.replace(bundle.info, images=(dataclasses.replace(image, name="reset"), wrist))
    with pytest.raises(BundleError, match="'reset' needs a name of its own"):
        save_bundle(tmp_path / "nameless", nameless, bundle.read_policy(), bundle.golden())


def test_the_judge_says_the_same_of_torch_and_onnx(bundle):
    reach = np.array(TASK.action.high)
    found = judge(OnnxPolicy(bundle), make_env, SEEN, reach, 20, 3)
    again = judge(OnnxPolicy(bundle), make_env, SEEN, reach, 20, 3)
    np.testing.assert_array_equal(found.reward, again.reward)
    assert (found.steps == 12).all()
    rebuilt = rebuild_torch(bundle)
    observation = make_env(3, SEEN.sensors, 0).reset()
    flat = torch.tensor(flat_input(observation, SEEN))
    assert flat.shape == (3, bundle.info.input_size)
    assert rebuilt.images == {"image": (1, 14, 10, 3), "wrist": (14, 10, 3)}
    with pytest.raises(ConfigError, match="at least one episode"):
        judge(OnnxPolicy(bundle), make_env, SEEN, reach, 0, 3)


def test_the_input_is_found_again_and_another_task_is_refused(bundle):
    assert input_of(bundle, TASK) is SEEN
    with pytest.raises(BundleError, match="other observation terms"):
        input_of(bundle, dataclasses.replace(TASK, images=TASK.images[:1] * 3))
    slower = dataclasses.replace(TASK, timing=dataclasses.replace(TASK.timing, control_period_s=0.1))
    with pytest.raises(BundleError, match="another action or control period"):
        input_of(bundle, slower)
