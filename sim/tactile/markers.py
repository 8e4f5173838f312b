"""Dots printed on a gel's skin: where they are, and how they move with what the force field feels.

Where the pad is touched the skin moves as the taxels there do, by their lateral load over their lateral stiffness;
between and around them it follows the taxels near by, less and less with the distance. What is pressed away besides
makes room sideways. Both fall off as in FOTS (Zhao, Qian, Duan, Luo, "FOTS: A Fast Optical Tactile Simulator for
Sim2Real Learning of Tactile-motor Robot Manipulation Skills", RA-L 2024), whose shear and twist are those of one object
as a whole; here they are the force field's, so that a part that sticks moves and a part that slips does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.tactile.field import ForceField
from sim.tactile.kernels.markers import move_markers
from sim.tactile.sensor import Array, Camera, Pad
from sim.tactile.stiffness import SHEAR_RATIO

FOTS_PX_PER_M = 19.58e3
SHEAR_DECAY = 0.00021 * FOTS_PX_PER_M**2
"""Of the displacement around a contact, exp(-decay distance^2), 1/m^2: FOTS' lambda_s at its scale of 19.58 px/mm."""
DILATION_DECAY = 0.00125 * FOTS_PX_PER_M**2
"""Of what a pressed taxel pushes aside, 1/m^2: FOTS' lambda_d."""
SIDEWAYS = 0.25
"""Part of the displaced volume that moves the skin sideways and not up around the contact, assumed."""


@dataclass(frozen=True)
class Markers:
    """A grid of dots in the middle of a pad.

    Attributes:
        rows: along y.
        columns: along x.
        pitch_x_m: distance of neighbours along x, m.
        pitch_y_m: along y, m.
        radius_m: of a dot, m.
        level: part of the light that a dot throws back.
    """

    rows: int
    columns: int
    pitch_x_m: float
    pitch_y_m: float
    radius_m: float = 0.25e-3  # 3 px in FOTS' pictures, within a factor of two
    level: float = 0.2  # assumed: black print behind a lit gel

    @classmethod
    def fitted(cls, camera: Camera) -> Markers:
        """Lay FOTS' grid over a footprint: 11 dots along the longer side, 29 px of 320, 9 across, 26 px of 240."""
        wide = camera.width_m >= camera.height_m
        along, across = (11, 29.0 / 320.0), (9, 26.0 / 240.0)
        (columns, pitch_x), (rows, pitch_y) = (along, across) if wide else (across, along)
        return cls(rows, columns, pitch_x * camera.width_m, pitch_y * camera.height_m)

    @cached_property
    def positions(self) -> Array:
        """Return the places of the dots on the untouched gel, row by row, m; (rows * columns, 2)."""
        x = (np.arange(self.columns) - (self.columns - 1) / 2.0) * self.pitch_x_m
        y = (np.arange(self.rows) - (self.rows - 1) / 2.0) * self.pitch_y_m
        grid = np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1)
        return np.ascontiguousarray(grid.reshape(-1, 2), dtype=np.float32)


def moved(markers: Markers, pad: Pad, field: ForceField) -> Array:
    """Return the places of the dots on touched gels, m; (num_pads, dots, 2).

    Args:
        markers: on the untouched gel.
        pad: the sensor.
        field: what the gels feel.
    """
    taxels = pad.taxels
    places = np.empty((len(field.depth), len(markers.positions), 2), np.float32)
    # A taxel's depth h pushes c h r exp(-decay r^2) aside at the distance r. Through a cylinder of radius r that are
    # 2 pi r thickness times as much; its largest value, at r^2 = 1 / (2 decay) + ... = 1 / decay, is the volume.
    dilation = SIDEWAYS * np.e * DILATION_DECAY * taxels.area_m2 / (2.0 * np.pi * pad.gel.thickness_m)
    move_markers(
        markers.positions, taxels.positions, field.depth, field.force, field.normal_stiffness * np.float32(SHEAR_RATIO),
        taxels.pitch_m, SHEAR_DECAY, DILATION_DECAY, dilation, places,
    )  # fmt: skip
    return places
