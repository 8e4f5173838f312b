"""From a recording to a calibration: find the balls, then law, places and scale in turn, then table and stiffness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from calibration.tactile.ball import Circle, find_ball
from calibration.tactile.colours import ColourLaw, Pixels
from calibration.tactile.depth import BallRenderer, Stiffness, fit_depth, fit_weights
from calibration.tactile.lighting import gain
from calibration.tactile.placing import ball_pixels, moved
from calibration.tactile.press_list import Press
from calibration.tactile.recording import FEWEST_PRESSES, Recording
from calibration.tactile.scale import FEWEST_PLACES, Scale, fit_scale
from sim.errors import ConfigError
from sim.tactile.calibration import Calibration
from sim.tactile.image import camera_of
from sim.tactile.stiffness import Press as Weighed

ROUNDS = 4
"""Of law, places and scale; the middles move by less than a tenth of a pixel in the last."""
AROUND = 2.0
"""Radii of the contact beyond which the skin is flat."""
WIDEST = 1.2
"""Contacts wider than this, in radii of the ball, are another ball's."""
MOST_WIDE = 0.25
"""If more of the presses than this are, it is the radius that is wrong."""
STEEPEST = 0.95
"""Contacts are taken as this wide at most, in radii of the ball: at the ball's own rim the skin has left it."""
FURTHEST_M = 0.5e-3
"""A ball further than this from where its line says it is, is another ball, or the line is wrong."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Seen:
    """What a picture shows.

    Attributes:
        circle: the contact.
        held_out: whether nothing was fitted to it.
        depth_m: of the ball in the gel, m; as the recording says, or else found.
    """

    circle: Circle
    held_out: bool
    depth_m: float = 0.0


@dataclass(frozen=True)
class Fit:
    """What came of a recording.

    Attributes:
        recording: it.
        calibration: its result.
        seen: of each press that was used, by its number.
        left_out: name of the picture and reason for each that was not.
        scale: from places; ``None`` where there were too few, or the user gave the size of a pixel.
        stiffness: from weights; ``None`` without.
        law: colours without the corrections of single bins.
        steepest_rad: steepest slope that was fitted to.
        covered: part of the picture that lay in a contact that was fitted to.
    """

    recording: Recording
    calibration: Calibration
    seen: dict[int, Seen]
    left_out: dict[str, str]
    scale: Scale | None
    stiffness: Stiffness | None
    law: ColourLaw
    steepest_rad: float
    covered: float


def calibrate(recording: Recording, held_out: int = 5, bins: int = 125, tell: Tell = lambda _text: None) -> Fit:
    """Calibrate a pad.

    Args:
        recording: pictures of it.
        held_out: every so many-th press is not fitted to, and judges.
        bins: of the table.
        tell: hears what is done now.

    Raises:
        ConfigError: naming the picture, if one shows no ball or one elsewhere, or if too few can be used.
    """
    tell("finding the balls")
    seen, left_out = _find(recording, held_out)
    recording = _relit(recording, seen)
    pixel_m, scale = _pixel_m(recording, seen)
    for number in range(ROUNDS):
        tell(f"fitting colours and places, round {number + 1} of {ROUNDS}")
        pixels = _pixels(recording, seen, pixel_m)
        law = ColourLaw(camera_of(recording.pad), _joined([pixels[n] for n in seen if not seen[n].held_out]))
        for n, at in seen.items():
            circle = moved(law, pixels[n], at.circle, recording.presses[n].radius_m, pixel_m)
            seen[n] = replace(at, circle=circle)
        pixel_m, scale = _pixel_m(recording, seen)
    fitted = _joined([p for n, p in _pixels(recording, seen, pixel_m).items() if not seen[n].held_out])
    law = ColourLaw(camera_of(recording.pad), fitted)
    calibration = Calibration(law.table(bins, fitted), recording.background, pixel_m, pad=recording.pad.name)
    tell("finding the depths")
    seen = _with_depths(recording, seen, calibration)
    stiffness = _stiffness(recording, seen, calibration)
    if stiffness is not None:
        calibration = replace(calibration, stiffness_n_m3=stiffness.value)
    steepest = float(np.arcsin(np.linalg.norm(fitted.normal, axis=1).max()))
    return Fit(
        recording, calibration, seen, left_out, scale, stiffness, law, steepest, _covered(recording, seen, pixel_m)
    )


def _find(recording: Recording, held_out: int) -> tuple[dict[int, Seen], dict[str, str]]:
    camera, pixel_m = camera_of(recording.pad), _nominal(recording)
    circles: dict[int, Circle] = {}
    left_out: dict[str, str] = {}
    wide: list[Press] = []
    for number, press in enumerate(recording.presses):
        circle = find_ball(recording.difference(number), recording.noise, pixel_m[1] / pixel_m[0])
        if circle is None:
            raise ConfigError(f"{press.image}: no contact in the picture; take it out, or press harder")
        across, down = circle.radius, circle.radius * pixel_m[0] / pixel_m[1]
        if not (across <= circle.column < camera.columns - across and down <= circle.row < camera.rows - down):
            left_out[press.image] = "the picture's edge cuts the contact"
        elif circle.radius * pixel_m[0] > WIDEST * press.radius_m:
            wide.append(press)
        else:
            widest = STEEPEST * press.radius_m / pixel_m[0]
            circles[number] = replace(circle, radius=min(circle.radius, widest))
    _require_balls(wide, len(recording.presses))
    left_out |= {p.image: f"the contact is wider than a ball of {p.radius_m * 1e3:g} mm radius can be" for p in wide}
    if len(circles) < FEWEST_PRESSES:
        why = f" ({next(iter(left_out))}: {next(iter(left_out.values()))})" if left_out else ""
        raise ConfigError(f"{len(circles)} presses can be used, expected at least {FEWEST_PRESSES}{why}")
    judges = judging(len(circles), held_out)
    return {n: Seen(circle, order in judges) for order, (n, circle) in enumerate(circles.items())}, left_out


def _require_balls(wide: list[Press], count: int) -> None:
    """Refuse radii that many of ``count`` pictures contradict.

    Raises:
        ConfigError: naming one of them.
    """
    if len(wide) > MOST_WIDE * count:
        raise ConfigError(
            f"{len(wide)} of {count} contacts are wider than their balls can be: {wide[0].image}, where the radius is"
            f" said to be {wide[0].radius_m * 1e3:g} mm (--radius)"
        )


def judging(count: int, every: int) -> range:
    """Return which of so many presses are held out: every so many-th, at least one, at most half."""
    step = min(max(every, 2), count)
    return range(step // 2, count, step)


def _relit(recording: Recording, seen: dict[int, Seen]) -> Recording:
    """Return the recording with the light measured where nothing touches, now that this is known."""
    gains = recording.gains.copy()
    for n, at in seen.items():
        untouched = _distance(recording, at.circle, _nominal(recording)) > AROUND * at.circle.radius
        if untouched.any():
            gains[n] = gain(recording.pictures[n], recording.background, recording.noise, untouched)
    return replace(recording, gains=gains)


def _distance(recording: Recording, circle: Circle, pixel_m: tuple[float, float]) -> npt.NDArray[np.float64]:
    """Return the distance of each pixel from a circle's middle, px along the columns; (rows, columns)."""
    rows, columns = np.indices(recording.background.shape[:2])
    return np.hypot(columns - circle.column, (rows - circle.row) * (pixel_m[1] / pixel_m[0]))


def _nominal(recording: Recording) -> tuple[float, float]:
    return recording.pixel_m or camera_of(recording.pad).pixel_m


def _pixel_m(recording: Recording, seen: dict[int, Seen]) -> tuple[tuple[float, float], Scale | None]:
    """Return the size of a pixel, and the scale that says it, if places do."""
    known = [recording.presses[n].place_m for n in seen]
    if recording.pixel_m is not None or sum(place is not None for place in known) < FEWEST_PLACES:
        return _nominal(recording), None
    places = np.array([(np.nan, np.nan) if place is None else place for place in known])
    scale = fit_scale(np.array([(at.circle.column, at.circle.row) for at in seen.values()]), places)
    worst = int(np.nanargmax(scale.residual_m))
    if scale.residual_m[worst] > FURTHEST_M:
        name = recording.presses[list(seen)[worst]].image
        raise ConfigError(f"{name}: the ball is {scale.residual_m[worst] * 1e3:.1f} mm from its place in presses.csv")
    return scale.pixel_m, scale


def _pixels(recording: Recording, seen: dict[int, Seen], pixel_m: tuple[float, float]) -> dict[int, Pixels]:
    random = np.random.default_rng(0)
    return {
        n: ball_pixels(recording.difference(n), at.circle, recording.presses[n].radius_m, pixel_m, random)
        for n, at in seen.items()
    }


def _joined(pixels: Sequence[Pixels]) -> Pixels:
    parts = ([getattr(p, name) for p in pixels] for name in ("place", "normal", "colour"))
    place, normal, colour = (np.concatenate(part) for part in parts)
    return Pixels(place, normal, colour)


def _with_depths(recording: Recording, seen: dict[int, Seen], calibration: Calibration) -> dict[int, Seen]:
    renderer = BallRenderer(recording.pad, calibration)
    found = {}
    for n, at in seen.items():
        press = recording.presses[n]
        depth = press.depth_m or fit_depth(renderer, recording.picture(n), at.circle, press.radius_m)
        found[n] = replace(at, depth_m=depth)
    return found


def _stiffness(recording: Recording, seen: dict[int, Seen], calibration: Calibration) -> Stiffness | None:
    renderer = BallRenderer(recording.pad, calibration)
    weighed = {
        n: Weighed(load, at.depth_m, recording.presses[n].radius_m, renderer.place(at.circle))
        for n, at in seen.items()
        if (load := recording.presses[n].load_n) is not None
    }
    return fit_weights(renderer.pad, weighed)


def _covered(recording: Recording, seen: dict[int, Seen], pixel_m: tuple[float, float]) -> float:
    covered = np.zeros(recording.background.shape[:2], bool)
    for at in seen.values():
        if not at.held_out:
            covered |= _distance(recording, at.circle, pixel_m) < at.circle.radius
    return float(covered.mean())
