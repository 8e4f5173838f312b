"""What a policy sees in the end of what cameras see: the same numbers as in training."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from hardware.tactile.difference import NO_CHANGE, Nominal, as_picture
from hardware.tactile.frames import averaged
from hardware.virtual.arm.robot import VirtualArm
from policies.learners.contact.environments import make_environment
from sim.envs.contact_task import load_contact_task
from sim.tactile.image import TactileCamera
from sim.tactile.pads import load_pad
from sim.tactile.shapes import Shape

SEED = 3


def test_the_difference_made_on_a_device_is_that_of_the_training():
    arm = VirtualArm("peg_placement", SEED)
    trained = make_environment(load_contact_task("peg_placement"), 1, ("state", "image"), SEED).reset()["image"][0]
    picture = arm.measure().picture
    sent = [as_picture(Nominal(1, arm.untouched[pad]).difference(picture[pad])) for pad in range(2)]
    np.testing.assert_array_equal(np.subtract(sent, NO_CHANGE, dtype=float), trained)
    assert np.abs(trained).max() > 10


def test_the_wrist_camera_shows_what_it_shows_in_training_whichever_thread_looks():
    arm = VirtualArm("peg_placement", SEED, cameras=("wrist",))
    with ThreadPoolExecutor(1) as simulation:  # a node makes the arm in one thread and measures in another
        seen = simulation.submit(arm.measure).result()
        simulation.submit(arm.close).result()
    trained = make_environment(load_contact_task("peg_placement"), 1, ("state", "wrist"), SEED).reset()["wrist"][0]
    np.testing.assert_array_equal(seen.wrist, trained)
    assert np.ptp(seen.wrist) > 50
    assert seen.picture is None


@pytest.mark.slow
def test_a_full_picture_averaged_down_looks_like_the_small_one_that_policies_learn_on():
    """A cylinder across the gel, as a camera's 240 x 320 pixels show it and as 60 x 80 are rendered."""
    pad, across = load_pad("gelsight_r15"), (0.0, np.sqrt(0.5), np.sqrt(0.5), 0.0)
    shape = Shape("cylinder", (5e-3, 20e-3))
    small, full = TactileCamera(pad, [shape], size=(80, 60)), TactileCamera(pad, [shape])
    seen = [camera.render((1e-3, 2e-3, 4e-3), across)[0] - camera.untouched.astype(float) for camera in (small, full)]
    shrunk = averaged(seen[1], 80, 60)
    assert np.corrcoef(shrunk.ravel(), seen[0].ravel())[0, 1] > 0.9
    assert np.abs(shrunk - seen[0]).mean() < 0.5 * np.abs(seen[0]).mean()
