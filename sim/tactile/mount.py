"""Where a pad sits on a model: on a body or a site, by name."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
import numpy.typing as npt

from sim.errors import ConfigError

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mount:
    """A pad's place: its frame has the origin in the middle of the untouched gel and z out of it.

    Attributes:
        on: name of a body or, if there is none of this name, of a site.
        position: of the pad in that frame, m.
        quaternion: pad to that frame, wxyz.
    """

    on: str
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    quaternion: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)

    def resolve(self, model: mujoco.MjModel) -> tuple[int, Vector, Vector]:
        """Return the body's number and the pad's pose in the body: position, m, (3,), and quaternion, wxyz, (4,).

        Raises:
            ConfigError: if the model has neither a body nor a site of this name, or the quaternion has no length.
        """
        position, quaternion = np.array(self.position, float), np.array(self.quaternion, float)
        if not np.linalg.norm(quaternion) > 0.0:
            raise ConfigError(f"the pad on '{self.on}' has no orientation: quaternion {self.quaternion}")
        quaternion /= np.linalg.norm(quaternion)
        bodies = [model.body(i).name for i in range(model.nbody)]
        if self.on in bodies:
            return bodies.index(self.on), position, quaternion
        sites = [model.site(i).name for i in range(model.nsite)]
        if self.on not in sites:
            known = ", ".join(name for name in bodies + sites if name)
            raise ConfigError(f"the pad is mounted on nothing: no body or site '{self.on}'; there are: {known}")
        site = model.site(self.on)
        turned, moved = np.empty(4), np.empty(3)
        mujoco.mju_rotVecQuat(moved, position, site.quat)
        mujoco.mju_mulQuat(turned, site.quat, quaternion)
        return int(site.bodyid[0]), site.pos + moved, turned
