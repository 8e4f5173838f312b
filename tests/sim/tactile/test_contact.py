"""The gel as the contact: a held weight, what the object feels, light objects, many simulations, bad scenes."""

import mujoco
import numpy as np
import pytest
from mujoco.batch import Batch

from sim.tactile.contact import GelContact
from sim.tactile.mount import Mount
from sim.tactile.pads import load_pad

MINI = load_pad("gelsight_mini")
HALF = np.sqrt(0.5)
HAND = (Mount("left", quaternion=(HALF, 0, HALF, 0)), Mount("right_pad"))
SCENE = """
<mujoco>
  <option timestep="{step}" integrator="{integrator}"/>
  <worldbody>
    <body name="left" pos="-{out} 0 0">
      <joint name="left" type="slide" axis="1 0 0" damping="20"/><inertial pos="0 0 0" mass="0.05" diaginertia="1 1 1"/>
    </body>
    <body name="right" pos="{out} 0 0">
      <joint name="right" type="slide" axis="-1 0 0" damping="20"/>
      <inertial pos="0 0 0" mass="0.05" diaginertia="1 1 1"/>
      <site name="right_pad" quat="1 0 -1 0"/>
    </body>
    <body name="thing"><freejoint/><geom name="thing" type="{kind}" size="{size}" mass="{mass}"/></body>
  </worldbody>
  <actuator><motor joint="left"/><motor joint="right"/></actuator>
</mujoco>
"""


def scene(mass=0.1, kind="box", size=".01 .01 .025", step=0.001, integrator="discrete"):
    out = float(size.split()[0]) + 5e-4
    text = SCENE.format(mass=mass, kind=kind, size=size, step=step, integrator=integrator, out=out)
    return mujoco.MjModel.from_xml_string(text)


def hand(model, simulations=1, mounts=HAND, **options):
    batch = Batch(model, nsim=simulations, nthread=1, persistent=True)
    contact = GelContact(batch, model, MINI, mounts, ["thing"], **options)
    batch.forward()
    contact.reset()
    return batch, contact


def hold(batch, contact, grip_n=8.0, seconds=0.5):
    ctrl, steps = batch.bind("ctrl"), round(seconds / batch.get_model(0).opt.timestep)
    for _ in range(steps):
        ctrl[:] = grip_n
        contact.apply()
        batch.step(stage=mujoco.mjtStage.mjSTAGE_VEL)


@pytest.mark.parametrize("integrator", ["discrete", "implicitfast", "Euler"])
@pytest.mark.parametrize("mass", [0.05, 0.5])
def test_two_pads_hold_a_weight_and_show_it_as_shear(mass, integrator):
    batch, contact = hand(scene(mass, integrator=integrator))
    hold(batch, contact)
    force, _ = contact.wrench()
    left, right = force[0]  # x of the left pad's frame is down, that of the right one up
    assert left[2] == pytest.approx(-8.0, rel=1e-3)
    assert left[0] - right[0] == pytest.approx(mass * 9.81, rel=1e-3)
    assert np.abs(batch.bind("qvel")).max() < 1e-4
