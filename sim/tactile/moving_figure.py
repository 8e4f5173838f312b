"""The picture and the forces of one pad as they change: in a window, or frame by frame for a film."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim.tactile.figure import ARROW_PITCHES, INK, MM, MN, MUTED, millimetres
from sim.tactile.sensor import Pad
from sim.tactile.tour import Moment

DPI = 100
PANEL_IN, TALLEST_IN = 4.2, 4.6
"""Width of a panel unless it gets too tall, and its greatest height, inches."""
LEFT_IN, RIGHT_IN, BOTTOM_IN, TOP_IN, BAR_IN = 0.65, 0.75, 0.6, 0.8, 0.14
"""Margins around panels, and the width of the colour bar; laying out anew for each frame takes longer than drawing."""
SMALLEST_SCALE_N = 1e-3
"""Force at the end of the scales as long as less is felt."""


class MovingFigure:
    """Two panels: what the camera sees, and the force on every taxel with its shear as arrows.

    Scales grow with the largest force so far and never shrink, so that what is longer is more.
    """

    def __init__(self, pad: Pad, title: str, figure: Figure | None = None) -> None:
        """Draw what stays.

        Args:
            pad: the sensor.
            title: one line.
            figure: to draw into; default: a new one for ``frame``.
        """
        self._pad, self._title = pad, title
        self.figure = Figure() if figure is None else figure
        self.figure.set_dpi(DPI)
        panels = 1 if pad.camera is None else 2
        wide, high = pad.size_m
        self._panel = (min(PANEL_IN, TALLEST_IN * wide / high), min(PANEL_IN * high / wide, TALLEST_IN))
        self._size = (
            panels * (LEFT_IN + self._panel[0]) + 2.0 * BAR_IN + RIGHT_IN,
            BOTTOM_IN + self._panel[1] + TOP_IN,
        )
        self.figure.set_size_inches(*self._size)
        self._heading = self.figure.suptitle(
            title, fontsize=12, color=INK, x=0.02, y=0.97, ha="left", fontweight="bold"
        )
        self._image = None if pad.camera is None else self._picture_panel()
        self._cells, self._arrows, self._key = self._force_panel(panels - 1)
        self._press, self._shear = SMALLEST_SCALE_N * MN, SMALLEST_SCALE_N * MN

    def show(self, moment: Moment) -> None:
        """Bring the panels to a moment."""
        field = moment.contact.field
        force = field.force[0] * MN
        pressed = field.depth[0] > 0.0
        total = field.wrench()[0][0]
        down, sideways = -float(total[2]), float(np.hypot(total[0], total[1]))
        self._heading.set_text(f"{self._title}: {moment.phase}, {max(0.0, down):.2f} N down, {sideways:.2f} N sideways")
        if self._image is not None and moment.picture is not None:
            self._image.set_data(moment.picture)
        self._press = max(self._press, float((-force[:, 2]).max()))
        self._cells.set_data(-force[:, 2].reshape(field.pad.taxels.rows, -1))
        self._cells.set_clim(0.0, self._press)
        self._shear = max(self._shear, float(np.hypot(force[:, 0], force[:, 1]).max()))
        self._arrows.set_UVC(*np.ma.masked_array(force[:, :2].T, np.stack([~pressed, ~pressed])))
        self._arrows.scale = self._shear / (ARROW_PITCHES * self._pad.taxels.pitch_m * MM)
        self._key.U = self._shear
        self._key.text.set_text(f"{self._shear:.0f} mN")

    def frame(self, moment: Moment) -> npt.NDArray[np.uint8]:
        """Return a moment as a picture with even sides; (height, width, 3)."""
        self.show(moment)
        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())
        high, wide = (side - side % 2 for side in pixels.shape[:2])
        return pixels[:high, :wide, :3].copy()

    def _axes(self, left: float, wide: float) -> Axes:
        """Add axes as high as the panels; ``left`` and ``wide`` in inches."""
        across, up = self._size
        return self.figure.add_axes((left / across, BOTTOM_IN / up, wide / across, self._panel[1] / up))

    def _picture_panel(self) -> Any:
        camera = self._pad.camera
        assert camera is not None
        axes = self._axes(LEFT_IN, self._panel[0])
        half_x, half_y = (length * MM / 2.0 for length in self._pad.size_m)
        blank = np.zeros((camera.rows, camera.columns, 3), np.uint8)
        image = axes.imshow(blank, extent=(-half_x, half_x, half_y, -half_y), interpolation="nearest")
        millimetres(axes, "what the camera sees")
        return image

    def _force_panel(self, place: int) -> tuple[Any, Any, Any]:
        pad = self._pad
        left = LEFT_IN + place * (LEFT_IN + self._panel[0])
        axes = self._axes(left, self._panel[0])
        places = pad.taxels.positions * MM
        half_x, half_y = (length * MM / 2.0 for length in pad.size_m)
        nothing = np.zeros(pad.taxels.count)
        side_x, side_y = (number * pad.taxels.pitch_m * MM / 2.0 for number in (pad.taxels.columns, pad.taxels.rows))
        cells = axes.imshow(
            nothing.reshape(pad.taxels.rows, -1), extent=(-side_x, side_x, side_y, -side_y), cmap="YlOrRd", vmin=0.0,
            interpolation="nearest",
        )  # fmt: skip
        arrows = axes.quiver(
            places[:, 0], places[:, 1], nothing, nothing, angles="xy", scale_units="xy", scale=1.0, color=INK,
            width=0.0045, headwidth=4.5, minlength=0.2,
        )  # fmt: skip
        key = axes.quiverkey(arrows, 0.82, 0.045, 1.0, "", labelpos="E", fontproperties={"size": 8})
        axes.set_xlim(-half_x, half_x)
        axes.set_ylim(half_y, -half_y)
        axes.set_aspect("equal")
        bar = self.figure.colorbar(cells, cax=self._axes(left + self._panel[0] + BAR_IN, BAR_IN))
        bar.set_label("normal force per taxel, mN", color=MUTED, fontsize=8.5)
        bar.ax.tick_params(labelsize=8, colors=MUTED)
        millimetres(axes, "force on the gel, shear as arrows")
        axes.set_ylabel("")
        return cells, arrows, key
