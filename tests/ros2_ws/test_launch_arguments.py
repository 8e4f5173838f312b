"""Arguments of the launch files for touch reach the nodes that they are for; no process is started."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hardware.ros2.launching import modules
from hardware.ros2.launching.arguments import declared_arguments, find_launch_file
from hardware.ros2.launching.context import LaunchError, perform, visit_all
from hardware.ros2.launching.service import LaunchService
from hardware.ros2.launching.source import load_launch_file
from policies.bundle import save_bundle
from sim.contact.pads import policy_pad
from tests.support.reach_policy import build_reach_bundle

REFUSED = "refused"


class Launch(LaunchService):
    """Keeps what would be started: commands, and the parameters in their files."""

    def __init__(self):
        super().__init__(lambda line: None)
        self.commands = []

    def start_process(self, action, name, command, *rest, **options):
        self.commands.append([_content(word) for word in command])

    def help_from(self, thread):
        """Nothing has started that could be activated."""


def _content(word):
    return json.loads(Path(word).read_text()) if Path(word).name.startswith("parameters-") else word


def started(file, /, **arguments):
    """Return what a launch file starts, or why it does not."""
    launch = Launch()
    launch.context.launch_configurations.update(arguments)
    try:
        visit_all([load_launch_file(find_launch_file([file])[0])], launch.context)
    except LaunchError as error:
        return REFUSED, str(error)
    return launch.commands


def parameters(commands):
    """Return the parameters of each node, by namespace and executable."""
    return {
        f"{command[-1].removeprefix('__ns:=')} {command[5].partition(':')[0]}": {
            name: value
            for part in command
            if isinstance(part, dict)
            for name, value in part["/**"]["ros__parameters"].items()
        }
        for command in commands
    }


def another(argument, default):
    """Return a value that an argument does not have."""
    if argument.choices:
        return next(choice for choice in argument.choices if choice != default)
    if default.startswith("["):
        return "[0.1, 0.1, 0.1]"
    return "7.5" if "." in default and "/" not in default else "7" if default.isdigit() else "else"


@pytest.fixture(scope="module", autouse=True)
def launch_modules():
    assert not modules.real_launch(), "written for the pip runtime"
    modules.install()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return build_reach_bundle(tmp_path_factory.mktemp("reach") / "field", "field")


@pytest.mark.parametrize("name", ["touch", "arm"])
def test_every_argument_changes_something(name, bundle):
    description = load_launch_file(find_launch_file([name])[0])
    declared = declared_arguments(description, Launch().context)
    needed = {"bundle": str(bundle.path)} if "bundle" in declared else {}
    usual = {sim: started(name, sim=sim, **needed) for sim in ("true", "false")}
    assert REFUSED not in [commands[0] for commands in usual.values()]
    for argument in declared.values():
        if argument.name in ("sim", *needed):
            continue
        default = perform(Launch().context, argument.default_value)
        changed = {argument.name: another(argument, default)}
        assert any(started(name, sim=sim, **needed, **changed) != usual[sim] for sim in usual), argument.name


def test_each_pad_of_an_arm_is_turned_calibrated_and_cut_into_taxels_as_it_is_told(bundle):
    commands = started(
        "arm", sim="false", bundle=str(bundle.path), left="/dev/video4", left_rotate="180", right_calibration="r.npz"
    )
    nodes = parameters(commands)
    left, right = (nodes[f"/arm/{side} sim2metal_nodes.tactile_node"] for side in ("left", "right"))
    assert (left["source"], left["rotate"], left["calibration"]) == ("/dev/video4", 180, "")
    assert (right["source"], right["rotate"], right["calibration"]) == ("/dev/video2", 0, "r.npz")
    taxels = policy_pad("gelsight_r15").taxels
    assert (left["taxel_rows"], left["taxel_columns"]) == (taxels.rows, taxels.columns)


def test_a_bundle_is_refused_on_pads_that_it_was_not_trained_on(bundle, tmp_path):
    refused, why = started("arm", sim="false", bundle=str(bundle.path), pad="digit")
    assert refused == REFUSED
    assert "trained on gelsight_r15, not on digit" in why
    assert started("arm", sim="true", bundle=str(bundle.path), pad="digit")[0] != REFUSED
    images = tuple(image.from_pad("digit") for image in bundle.info.images)
    other = save_bundle(
        tmp_path / "digit", replace(bundle.info, images=images), bundle.policy_path.read_bytes(), bundle.golden()
    )
    nodes = parameters(started("arm", sim="false", bundle=str(other.path), pad="digit"))
    taxels = policy_pad("digit").taxels
    left = nodes["/arm/left sim2metal_nodes.tactile_node"]
    assert (left["pad"], left["taxel_rows"], left["taxel_columns"]) == ("digit", taxels.rows, taxels.columns)
