"""Pixels inside a ball's contact, and the ball moved to where the law of colours sees it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from calibration.tactile.ball import Circle
from calibration.tactile.colours import ColourLaw, Pixels

INSIDE = 0.92
"""Pixels up to this part of the contact's radius are used: at its very edge the skin leaves the ball."""
MOST_PIXELS = 800
"""Of one press; more say nothing new."""
DIFFERENCE_PX = 0.25
"""For slopes of the colour by moving the ball."""
MOST_MOVE_PX = 2.0
"""In one step."""

Levels = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]


def ball_pixels(
    difference: Levels, circle: Circle, radius_m: float, pixel_m: tuple[float, float], random: np.random.Generator
) -> Pixels:
    """Return pixels inside a contact with the normals of the ball.

    Args:
        difference: picture minus untouched pad, grey levels; (rows, columns, 3).
        circle: the contact.
        radius_m: of the ball, m.
        pixel_m: size of a pixel along columns and rows, m.
        random: chooses among pixels where there are too many.
    """
    rows, columns = np.indices(difference.shape[:2])
    aspect = pixel_m[1] / pixel_m[0]
    inside = np.hypot(columns - circle.column, (rows - circle.row) * aspect) < INSIDE * circle.radius
    place = np.argwhere(inside)[:, ::-1].astype(np.float64)
    if len(place) > MOST_PIXELS:
        place = place[random.choice(len(place), MOST_PIXELS, replace=False)]
    across, down = place.astype(np.intp).T
    return Pixels(place, normals(place, circle, radius_m, pixel_m), difference[down, across].astype(np.float64))


def normals(place: Numbers, circle: Circle, radius_m: float, pixel_m: tuple[float, float]) -> Numbers:
    """Return x and y of the normal towards the camera where the skin lies on the ball; (pixels, 2).

    The skin is z = -h(x, y) with h the cap of the ball, so its normal is the ball's radius there.
    """
    offsets = (place - (circle.column, circle.row)) * pixel_m / radius_m
    length = np.linalg.norm(offsets, axis=1, keepdims=True)
    return offsets / np.maximum(length / 0.999, 1.0)  # (beyond the ball's own edge there is none)


def moved(
    law: ColourLaw, pixels: Pixels, circle: Circle, radius_m: float, pixel_m: tuple[float, float], steps: int = 3
) -> Circle:
    """Return the circle where the ball explains its pixels best: Gauss-Newton over its two coordinates.

    Pixels that it explains badly (markers, dust) have no say, but at least half of all have.
    """
    colour_of = law.at(pixels.place)
    for _ in range(steps):

        def colour(across: float, down: float, now: Circle = circle) -> Numbers:
            there = Circle(now.column + across, now.row + down, now.radius)
            return colour_of(normals(pixels.place, there, radius_m, pixel_m)).ravel()

        h = DIFFERENCE_PX
        jacobian = np.stack([colour(h, 0.0) - colour(-h, 0.0), colour(0.0, h) - colour(0.0, -h)], axis=1) / (2.0 * h)
        off = pixels.colour.ravel() - colour(0.0, 0.0)
        length = np.linalg.norm(off.reshape(-1, 3), axis=1)
        good = np.repeat(length <= max(law.limit, float(np.median(length))), 3)
        move = np.linalg.lstsq(jacobian[good], off[good], rcond=None)[0]
        move = np.clip(move, -MOST_MOVE_PX, MOST_MOVE_PX)
        circle = Circle(circle.column + float(move[0]), circle.row + float(move[1]), circle.radius)
    return circle
