"""Pictures of a contact task: what the pads' cameras and a camera at the hand see."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.contact.scene import GRIPPED, PADS
from sim.contact.spec import WRIST_PIXELS
from sim.contact.world import ContactWorld
from sim.offscreen import Offscreen
from sim.quaternions import conjugate, multiply, rotate
from sim.tactile.image import TactileCamera, camera_of
from sim.tactile.lights import NOMINAL
from sim.tactile.markers import Markers
from sim.tactile.shapes import Shape

WRIST = "wrist"


class Pictures:
    """The pictures of both pads of every simulation, with what the task's ``look`` asks for."""

    def __init__(self, world: ContactWorld) -> None:
        """Prepare.

        Raises:
            ConfigError: for a pad without a camera.
        """
        self._world, self._count = world, world.batch.nsim
        self._sites = [world.model.site(name).id for name in PADS]
        self._places, self._turns = world.batch.bind("site_xpos"), world.batch.bind("site_xquat")
        self._sizes = world.batch.expand("geom_size")[:, world.model.geom(GRIPPED).id]
        self._offset = world.model.geom(GRIPPED).pos.copy()
        shape = Shape("cylinder", tuple(world.model.geom(GRIPPED).size[:2]))
        look = world.task.look
        self._field = world.gel.field if look.markers else None
        self._camera = TactileCamera(
            world.pad,
            [shape],
            num_pads=2 * self._count,
            shadows=NOMINAL if look.shadows else None,
            markers=Markers.fitted(camera_of(world.pad)) if look.markers else None,
        )

    @property
    def untouched(self) -> NDArray[np.uint8]:
        """What both pads show when nothing touches them; (2, rows, columns, 3)."""
        return np.stack([self._camera.untouched] * 2)

    def render(self) -> NDArray[np.uint8]:
        """Return (n, 2, rows, columns, 3)."""
        world, turned = self._world, conjugate(self._turns[:, self._sites])
        gripped = world.object_position_w + rotate(world.object_quaternion_w, self._offset)
        positions = rotate(turned, gripped[:, None] - self._places[:, self._sites])
        quaternions = multiply(turned, world.object_quaternion_w[:, None])
        self._camera.set_sizes(np.arange(2 * self._count), 0, np.repeat(self._sizes * (1.0, 1.0, 0.0), 2, axis=0))
        picture = self._camera.render(positions.reshape(-1, 1, 3), quaternions.reshape(-1, 1, 4), self._field)
        return picture.reshape(self._count, 2, *picture.shape[1:]).copy()


class SceneCamera:
    """A camera that looks at one simulation after another; it draws in the thread that made it, and in no other."""

    def __init__(
        self, world: ContactWorld, eye: mujoco.MjvCamera, width: int, height: int, shadow_pixels: int = 0
    ) -> None:
        """Open the renderer.

        Args:
            world: to look at.
            eye: from where.
            width: of pictures, pixels.
            height: likewise.
            shadow_pixels: as of ``Offscreen``.

        Raises:
            ToolchainError: if there is no way to draw on this machine; the message says what to install.
        """
        self._world, self._eye, self._shape = world, eye, (height, width, 3)
        self._screen = Offscreen(world.model, width, height, shadow_pixels=shadow_pixels)
        self._options = mujoco.MjvOption()

    def close(self) -> None:
        """Give the renderer back."""
        self._screen.close()

    def render(self, which: NDArray[np.intp] | None = None) -> NDArray[np.uint8]:
        """Return (n, height, width, 3): of all simulations, or of some."""
        batch = self._world.batch
        numbers = np.arange(batch.nsim) if which is None else which
        pictures = np.zeros((len(numbers), *self._shape), np.uint8)
        for picture, number in zip(pictures, numbers.tolist(), strict=True):
            model, data = batch.get_model(number), batch.get_data(number)
            mujoco.mj_forward(model, data)
            picture[:] = self._draw(model, data)
        return pictures

    def _draw(self, model: mujoco.MjModel, data: mujoco.MjData) -> NDArray[np.uint8]:
        scene, everything = self._screen.scene, mujoco.mjtCatBit.mjCAT_ALL.value
        mujoco.mjv_updateScene(self._world.model, data, self._options, None, self._eye, everything, scene)
        gripped = model.geom(GRIPPED)
        for geom in scene.geoms[: scene.ngeom]:
            if geom.objtype == mujoco.mjtObj.mjOBJ_GEOM and geom.objid == gripped.id:
                geom.size[:] = gripped.size[[0, 0, 1]]  # (the world's own model has the largest)
        return self._screen.draw()


class WristCamera(SceneCamera):
    """The camera at the hand, (n, 64, 64, 3), without shadows."""

    def __init__(self, world: ContactWorld) -> None:
        """Open the renderer; see ``SceneCamera``."""
        eye = mujoco.MjvCamera()
        eye.type = mujoco.mjtCamera.mjCAMERA_FIXED.value
        eye.fixedcamid = world.model.camera(WRIST).id
        super().__init__(world, eye, WRIST_PIXELS, WRIST_PIXELS)
