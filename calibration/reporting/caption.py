"""The line of text in the film's upper corner, clear of a player's controls: time, phase and error."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from calibration.reporting.palette import LIGHT


class Caption:
    """Writes the caption with a font that ships with matplotlib, so it looks alike everywhere."""

    def __init__(self, height: int) -> None:
        size = min(max(round(height / 24), 9), 18)
        path = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
        self._font = ImageFont.truetype(str(path), size)
        self._pad = size

    def onto(self, picture: np.ndarray, time_s: float, phase: str, error_m: float) -> np.ndarray:
        """Return the picture ``(H, W, 3)`` uint8 with the caption on it."""
        image = Image.fromarray(picture)
        draw = ImageDraw.Draw(image, "RGBA")
        x = y = 1.2 * self._pad
        parts = [f"{time_s:4.1f} s", phase.replace("_", " ")]
        if np.isfinite(error_m):
            parts.append(f"{100.0 * error_m:.1f} cm off")
        text = "   ".join(part for part in parts if part)
        left, top, right, bottom = draw.textbbox((x, y), text, font=self._font)
        margin = 0.5 * self._pad
        box = (left - margin, top - margin, right + margin, bottom + margin)
        draw.rounded_rectangle(box, radius=margin, fill=(255, 255, 255, 190))
        draw.text((x, y), text, font=self._font, fill=LIGHT["ink"])
        return np.asarray(image)
