"""The zoo's bundle on a board: emulated, or a real one on the port given by ``--hil-port``.

With a real port the tests that need an emulator's help (to kill it, to stop it) are left out.
"""

import contextlib
from pathlib import Path

import numpy as np
import pytest

import policies
from firmware_export.build import build_target
from firmware_export.bundle_c import bundle_c
from firmware_export.hil.board import Board
from firmware_export.hil.emulator import Emulator
from firmware_export.onnx_to_c import Excerpt, generate
from firmware_export.targets import load_target
from policies.bundle import load_bundle
from policies.runtime import OnnxPolicy

ZOO = Path(policies.__file__).parent / "zoo" / "hover_attitude"


@pytest.fixture(scope="session")
def hil_port(request):
    """``qemu`` or the port of a real board that runs the zoo's bundle."""
    return request.config.getoption("--hil-port")


def pytest_collection_modifyitems(config, items):
    """Leave out what a real board cannot do."""
    if config.getoption("--hil-port") != "qemu":
        here = str(Path(__file__).parent)
        lost = [item for item in items if here in str(item.path) and item.get_closest_marker("emulator")]
        items[:] = [item for item in items if item not in lost]
        config.hook.pytest_deselected(items=lost)


@pytest.fixture(scope="session")
def zoo():
    return load_bundle(ZOO)


@pytest.fixture(scope="session")
def onnx(zoo):
    return OnnxPolicy(zoo)


@pytest.fixture(scope="session")
def image(zoo, tmp_path_factory):
    """The zoo bundle's firmware."""
    folder = tmp_path_factory.mktemp("zoo-stm32")
    return _build(bundle_c(zoo), folder)


@pytest.fixture(scope="session")
def foreign_image(zoo, tmp_path_factory):
    """The same policy's firmware under another bundle's id."""
    generated = generate(zoo.read_policy(), "c3" * 32, excerpt(zoo))
    return _build(generated, tmp_path_factory.mktemp("foreign-stm32"))


@pytest.fixture(scope="session")
def wrong_image(zoo, tmp_path_factory):
    """Firmware that says it is the zoo's and does not compute its golden action."""
    wrong = excerpt(zoo)
    wrong.action[0, 0] += 0.01
    return _build(generate(zoo.read_policy(), zoo.id, wrong), tmp_path_factory.mktemp("wrong-stm32"))


def excerpt(bundle):
    """The first golden step."""
    golden, action = bundle.golden(), bundle.info.action
    span, scale = np.subtract(action.high, action.low), np.asarray(bundle.info.state_scale)
    return Excerpt(golden.observation[0, :1], golden.action[0, :1].copy(), golden.state[0, 0], span, scale)


def _build(generated, folder):
    for name, text in generated.files.items():
        (folder / name).write_text(text)
    return build_target(load_target("stm32f405"), folder, folder).artifact


@contextlib.contextmanager
def emulated(image):
    with Emulator(load_target("stm32f405"), image) as running:
        yield running


@pytest.fixture(scope="module")
def board(hil_port, request):
    """An open board, emulated or real."""
    with contextlib.ExitStack() as stack:
        if hil_port == "qemu":
            hil_port = stack.enter_context(emulated(request.getfixturevalue("image"))).port
        yield stack.enter_context(Board(hil_port))


@pytest.fixture(scope="session")
def observations(zoo):
    """Observations of several flights, (flights, steps, o)."""
    return zoo.golden().observation


def reference(onnx, observation):
    """onnxruntime's actions on sequences (flights, steps, o) that each begin with a reset."""
    state, actions = np.zeros((len(observation), onnx.state_size), np.float32), []
    for step in range(observation.shape[1]):
        action, state = onnx.step(observation[:, step], state, np.full(len(observation), step == 0))
        actions.append(action)
    return np.stack(actions, axis=1)
