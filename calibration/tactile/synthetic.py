"""Recordings whose truth is known: a pad that differs from the nominal one in everything, pressed by a rendered ball.

Lamps turned, dimmer and drifting, pixels smaller, gel softer, a stage that is turned and shifted against the picture,
a camera with noise: what ``sim2metal calibrate-touch`` must find again.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from calibration.tactile import press_list, settings
from sim.errors import ConfigError
from sim.files import write_atomic
from sim.tactile.calibration import Calibration, write_calibration
from sim.tactile.image import TactileCamera, camera_of
from sim.tactile.lights import Lamps, default_calibration
from sim.tactile.objects import Held
from sim.tactile.press import press
from sim.tactile.sensor import Pad
from sim.tactile.shapes import Shape
from sim.tactile.stiffness import nominal_stiffness

LAMPS = Lamps(angles_deg=(75.0, 190.0, 322.0), elevation_deg=36.0, grey_level=96.0, crosstalk=0.18)
"""None of these is the nominal lamp's."""
PIXELS = (0.96, 0.975)
"""Size of a pixel along columns and rows, in nominal ones."""
SOFTER = 0.7
"""Stiffness of the gel, in nominal ones."""
STAGE_TURN_RAD = np.radians(1.5)
STAGE_ORIGIN_M = (12e-3, -7e-3)
"""Of the middle of the picture on the stage."""
DRIFT = 0.02
"""Of the lamps' brightness, from press to press."""
NOISE_LEVELS = 1.0
"""Standard deviation of the camera's noise, grey levels: a small webcam's in good light, assumed."""
UNTOUCHED_PICTURES = 5
LOADS_N = (0.5, 3.0)
DEPTHS_M = (0.4e-3, 1.5e-3)
WEIGHED = 0.25
"""Part of the presses that are with a weight, in the middle, where all of the contact is among the taxels."""
RADIUS_M = 4e-3
"""Of the ball: pads are commonly calibrated with balls of 2 to 4 mm."""
BALL = Held(Shape("sphere", (RADIUS_M,)))
TRUTH = "truth.npz"


@dataclass(frozen=True)
class Synthetic:
    """A pad and its presses.

    Attributes:
        pad: with its true pixels.
        truth: what a calibration should find.
        places: of the balls in the pad frame, m; (presses, 3).
        loads: N, NaN where no weight was used; (presses,).
    """

    pad: Pad
    truth: Calibration
    places: npt.NDArray[np.float64]
    loads: npt.NDArray[np.float64]


def make(pad: Pad, presses: int, seed: int) -> Synthetic:
    """Draw presses spread over a pad, and make its truth.

    Args:
        pad: nominal sensor with a camera.
        presses: how many.
        seed: of places and loads.

    Raises:
        ConfigError: for a pad without a camera.
    """
    camera = camera_of(pad)
    table, background = default_calibration(camera, LAMPS)
    pixel_m = camera.pixel_m[0] * PIXELS[0], camera.pixel_m[1] * PIXELS[1]
    truth = Calibration(table, background, pixel_m, SOFTER * nominal_stiffness(pad), pad.name)
    own = truth.of(pad)
    random = np.random.default_rng(seed)
    places = np.empty((presses, 3))
    margin = 0.75 * RADIUS_M  # the whole contact, and the skin around it, is in the picture
    places[:, :2] = random.uniform(-1.0, 1.0, (presses, 2)) * np.maximum(np.array(own.size_m) / 2.0 - margin, 0.0)
    places[:, 2] = RADIUS_M - random.uniform(*DEPTHS_M, presses)
    weighed = max(round(WEIGHED * presses), 1)
    loads = np.full(presses, np.nan)
    loads[:weighed] = random.uniform(*LOADS_N, weighed)
    places[:weighed, :2] = random.uniform(-1.0, 1.0, (weighed, 2)) * np.maximum(_reach(pad) - margin, 0.0)
    for place, load in zip(places[:weighed], loads, strict=False):
        middle = float(place[0]), float(place[1])
        place[2] = press(own, BALL, float(load), middle, stiffness=truth.stiffness_n_m3).position[2]
    return Synthetic(own, truth, places, loads)


def write_synthetic(folder: Path, pad: Pad, presses: int, seed: int) -> Synthetic:
    """Write a recording, and ``truth.npz`` beside it.

    Args:
        folder: a new or empty one.
        pad: nominal sensor with a camera.
        presses: how many.
        seed: of places, loads and noise.

    Raises:
        ConfigError: if the folder holds something, or the pad has no camera.
        StorageError: if it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is not empty: a synthetic recording needs a new folder")
    made = make(pad, presses, seed)
    random = np.random.default_rng((seed, 1))
    for number in range(UNTOUCHED_PICTURES):
        _write_picture(folder / f"untouched_{number}.png", render(made, None), random)
    rows = []
    for number, (place, load) in enumerate(zip(made.places, made.loads, strict=True)):
        name = f"press_{number:03d}.png"
        _write_picture(folder / name, drift(number) * render(made, place), random)
        x, y = stage(place[:2]) * 1e3
        weight = "" if np.isnan(load) else f"{load:.4f}"
        rows.append({"image": name, "x_mm": f"{x:.4f}", "y_mm": f"{y:.4f}", "load_n": weight})
    write_calibration(folder / TRUTH, made.truth)
    write_atomic(folder / settings.NAME, json.dumps({"pad": pad.name, "ball_radius_mm": RADIUS_M * 1e3}, indent=2))
    write_atomic(folder / press_list.NAME, _csv(rows))
    return made


def render(made: Synthetic, place: npt.NDArray[np.float64] | None) -> npt.NDArray[np.uint8]:
    """Return the true picture of a ball at a place in the pad frame, m, (3,), or of the untouched pad."""
    camera = TactileCamera(made.pad, [BALL.shape], calibration=made.truth.pictures(made.pad))
    return camera.render((0.0, 0.0, 1.0) if place is None else place, (1.0, 0.0, 0.0, 0.0))[0]


def drift(number: int) -> float:
    """Return how bright the lamps are at a press, in that of the untouched pictures."""
    return 1.0 + DRIFT * float(np.sin(number))


def stage(place: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return where the stage says a place of the pad is, m; (2,) each."""
    c, s = np.cos(STAGE_TURN_RAD), np.sin(STAGE_TURN_RAD)
    return np.array([[c, -s], [s, c]]) @ place + np.array(STAGE_ORIGIN_M)


def _reach(pad: Pad) -> npt.NDArray[np.float64]:
    """Return half the size of the taxels' grid along x and y, m."""
    taxels = pad.taxels
    return 0.5 * taxels.pitch_m * np.array([taxels.columns, taxels.rows])


def _write_picture(path: Path, picture: npt.NDArray[Any], random: np.random.Generator) -> None:
    seen = picture + random.normal(0.0, NOISE_LEVELS, picture.shape)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(np.round(seen), 0, 255).astype(np.uint8)).save(buffer, format="png")
    write_atomic(path, buffer.getvalue())


def _csv(rows: list[dict[str, str]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
