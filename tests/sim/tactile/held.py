"""A hand of two plates with pads that holds a box or a peg, in MuJoCo: the scene of grasp tests and figures."""

import mujoco
import numpy as np
from mujoco.batch import Batch

from sim.tactile.contact import GelContact
from sim.tactile.mount import Mount
from sim.tactile.pads import load_pad

MINI = load_pad("gelsight_mini")
GRAVITY = 9.81
HALF = np.sqrt(0.5)
MOUNTS = (Mount("left", quaternion=(HALF, 0, HALF, 0)), Mount("right_pad"))
SCENE = """
<mujoco>
  <option timestep="{step}" integrator="{integrator}" gravity="0 0 -9.81"/>
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


class Hand:
    """``simulations`` hands that do the same."""

    def __init__(self, mass_kg=0.1, simulations=1, **options):
        self.model = scene(mass_kg, **options)
        self.weight_n = mass_kg * GRAVITY
        self.batch = Batch(self.model, nsim=simulations, nthread=1, persistent=True)
        self.contact = GelContact(self.batch, self.model, MINI, MOUNTS, ["thing"])
        self.batch.forward()
        self.contact.reset()

    def run(self, seconds, grip_n=8.0):
        for _ in range(round(seconds / self.model.opt.timestep)):
            self.batch.bind("ctrl")[:] = grip_n
            self.contact.apply()
            self.batch.step(stage=mujoco.mjtStage.mjSTAGE_VEL)

    def shown_weight_n(self, simulation=0):
        """What the shear of both pads adds up to: x of the left pad's frame is down, of the right one's up."""
        left, right = self.contact.wrench()[0][simulation]
        return left[0] - right[0]

    def height_m(self, simulation=0):
        return self.batch.bind("qpos")[simulation, 4]
