"""A picture of one contact: what the camera sees, the forces on the gel, and the gel's skin with both."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.tactile.press import Contact
from sim.tactile.sensor import Pad

BOX = 0.5
"""Height of the three-dimensional panel, in its longer sides."""
SKIN_POINTS = 70
"""Of the drawn surface, along each side."""
ARROW_PITCHES = 2.5
"""Length of the longest shear arrow, in pitches of the taxels."""
MARGIN_M = 4e-3
"""Of the drawn skin around the contact."""
TALL = 0.3
"""Height of the room above the drawn skin, and length of the longest force there, in its longer sides."""
INK, MUTED = "#1f2430", "#6b7280"
MM, MN = 1e3, 1e3


@dataclass(frozen=True)
class View:
    """What the figure shows.

    Attributes:
        title: one line.
        contact: of the object.
        picture: (rows, columns, 3), or ``None`` for a pad without a camera.
        skin: indentation, m, (rows, columns), or ``None``.
    """

    title: str
    contact: Contact
    picture: npt.NDArray[np.uint8] | None
    skin: npt.NDArray[np.float32] | None


def draw(view: View) -> bytes:
    """Return the figure as a PNG file's content."""
    panels = 3 if view.picture is not None else 2
    size = view.contact.field.pad.size_m
    figure = Figure(figsize=(4.7 * panels, 1.3 + 3.5 * min(max(size[1] / size[0], 0.8), 1.25)), layout="constrained")
    figure.suptitle(view.title, fontsize=12.5, color=INK, x=0.01, ha="left", fontweight="bold")
    place = 1
    if view.picture is not None:
        _picture(figure.add_subplot(1, panels, place), view)
        place += 1
    _forces(figure, figure.add_subplot(1, panels, place), view.contact)
    _skin(figure.add_subplot(1, panels, place + 1, projection="3d"), view)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight", pad_inches=0.12)
    return buffer.getvalue()


def _picture(axes: Axes, view: View) -> None:
    pad = view.contact.field.pad
    half_x, half_y = (length * MM / 2.0 for length in pad.size_m)
    axes.imshow(view.picture, extent=(-half_x, half_x, half_y, -half_y), interpolation="nearest")  # pyright: ignore
    millimetres(axes, "what the camera sees")


def _forces(figure: Figure, axes: Axes, contact: Contact) -> None:
    """Seen from behind the gel, as the camera does: colour is the normal force, arrows are the shear."""
    pad = contact.field.pad
    places, force = pad.taxels.positions * MM, contact.field.force[0] * MN
    pressed = contact.field.depth[0] > 0.0
    half_x, half_y = (length * MM / 2.0 for length in pad.size_m)
    dots = axes.scatter(
        places[:, 0], places[:, 1], c=-force[:, 2], s=_dot_size(pad), cmap="YlOrRd", vmin=0.0, linewidths=0.3,
        edgecolors="#c9ced6",
    )  # fmt: skip
    shear = np.hypot(force[:, 0], force[:, 1])
    largest = float(shear.max())
    if largest > 0.0:
        scale = largest / (ARROW_PITCHES * pad.taxels.pitch_m * MM)
        arrows = axes.quiver(
            places[pressed, 0], places[pressed, 1], force[pressed, 0], force[pressed, 1], angles="xy",
            scale_units="xy", scale=scale, color=INK, width=0.0045, headwidth=4.5,
        )  # fmt: skip
        axes.quiverkey(arrows, 0.82, 0.045, largest, f"{largest:.0f} mN", labelpos="E", fontproperties={"size": 8})
    axes.set_xlim(-half_x, half_x)
    axes.set_ylim(half_y, -half_y)
    axes.set_aspect("equal")
    bar = figure.colorbar(dots, ax=axes, shrink=0.78, pad=0.02)
    bar.set_label("normal force per taxel, mN", color=MUTED, fontsize=8.5)
    bar.ax.tick_params(labelsize=8, colors=MUTED)
    millimetres(axes, "force on the gel, shear as arrows")


def _skin(axes: Any, view: View) -> None:
    """The skin around the contact from outside, pressed in, with the forces of up to 60 taxels."""
    pad, contact = view.contact.field.pad, view.contact
    low, high = _around(contact)
    x, y, height = _surface(pad, view)
    rows, columns = (
        np.flatnonzero((grid >= low[axis]) & (grid <= high[axis])) for axis, grid in ((1, y[:, 0]), (0, x[0]))
    )
    part = np.ix_(rows, columns)
    deepest = max(float(height.max()) * MM, 0.05)
    axes.computed_zorder = False  # arrows are in front of the skin
    axes.plot_surface(
        x[part] * MM, y[part] * MM, -height[part] * MM, cmap="Blues", linewidth=0, antialiased=True,
        rcount=SKIN_POINTS, ccount=SKIN_POINTS, vmin=-1.6 * deepest, vmax=0.8 * deepest, zorder=1,
    )  # fmt: skip
    side = float((high - low).max()) * MM
    _arrows(axes, contact, deepest, side)
    axes.set_xlim(low[0] * MM, high[0] * MM)
    axes.set_ylim(high[1] * MM, low[1] * MM)
    axes.set_zlim(-1.5 * deepest, 3.0 * deepest)
    axes.set_box_aspect((*(high - low) * MM, BOX * side))
    axes.view_init(elev=28.0, azim=-62.0)
    axes.set_title("the gel's skin and the forces on it", loc="left", fontsize=10, color=INK)
    axes.set_xlabel("x, mm", fontsize=8.5, color=MUTED)
    axes.set_ylabel("y, mm", fontsize=8.5, color=MUTED)
    axes.tick_params(labelsize=7.5, colors=MUTED)
    axes.set_zticks([])


def _arrows(axes: Any, contact: Contact, deepest: float, side: float) -> None:
    """Arrows that end on the skin, where the object pushes; the axes are stretched along z."""
    field = contact.field
    chosen = np.flatnonzero(field.depth[0] > 0.0)
    chosen = chosen[:: max(len(chosen) // 60, 1)]
    force, places = field.force[0][chosen], field.pad.taxels.positions[chosen] * MM
    largest = float(np.linalg.norm(force, axis=1).max(initial=0.0))
    if largest == 0.0:
        return
    arrows = force / largest * TALL * side * np.array([1.0, 1.0, _stretch(deepest, side)])
    ends = np.column_stack([places[:, :2], -field.depth[0][chosen] * MM])
    axes.quiver(*(ends - arrows).T, *arrows.T, color="#c2410c", linewidth=1.1, arrow_length_ratio=0.18, zorder=5)


def _around(contact: Contact) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the corners of the part of the pad that is drawn, m: what is touched with a margin."""
    pad = contact.field.pad
    half = np.array(pad.size_m) / 2.0
    touched = pad.taxels.positions[contact.field.depth[0] > 0.0, :2].astype(np.float64)
    if not len(touched):
        return -half, half
    return np.maximum(touched.min(axis=0) - MARGIN_M, -half), np.minimum(touched.max(axis=0) + MARGIN_M, half)


def _stretch(deepest: float, side: float) -> float:
    """Return millimetres along z that are drawn as long as one along x."""
    return 4.5 * deepest / (BOX * side)


def _surface(pad: Pad, view: View) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """Return x, y and indentation of the drawn skin, m."""
    if view.skin is not None:
        rows, columns = view.skin.shape
        x = (np.arange(columns) + 0.5) / columns * pad.size_m[0] - pad.size_m[0] / 2.0
        y = (np.arange(rows) + 0.5) / rows * pad.size_m[1] - pad.size_m[1] / 2.0
        return *np.meshgrid(x, y), view.skin
    taxels = pad.taxels
    places = taxels.positions.reshape(taxels.rows, taxels.columns, 3).astype(np.float64)
    return places[..., 0], places[..., 1], view.contact.field.depth[0].reshape(taxels.rows, taxels.columns)


def _dot_size(pad: Pad) -> float:
    """Area of a dot, points^2, so that dots nearly touch on a panel of about 230 points."""
    points = 230.0 * pad.taxels.pitch_m / max(pad.size_m)
    return (0.85 * points) ** 2


def millimetres(axes: Axes, title: str) -> None:
    """Label a panel that is in millimetres."""
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_xlabel("x, mm", fontsize=8.5, color=MUTED)
    axes.set_ylabel("y, mm", fontsize=8.5, color=MUTED)
    axes.tick_params(labelsize=8, colors=MUTED)
    for spine in axes.spines.values():
        spine.set_color("#c9ced6")
