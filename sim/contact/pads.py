"""What policies get from the tactile sensor on both fingers: coarse taxels and small pictures, as published.

TacSL (arXiv 2408.06506): 14 x 10 taxels and 80 x 60 pixels of a GelSight R1.5, whose picture is higher than wide. A
sensor whose picture is wider than high gives as many, lying; an array without a camera gives its own taxels.
"""

from __future__ import annotations

from dataclasses import replace

from sim.spec import ImageTerm
from sim.tactile.pads import load_pad
from sim.tactile.sensor import Pad, Taxels

FIELD_GRID, PICTURE_GRID = (14, 10), (80, 60)
"""Rows and columns: the longer side first."""


def policy_pad(name: str) -> Pad:
    """Return a pad with the taxels and the picture that policies get.

    Raises:
        ConfigError: for an unknown pad.
    """
    pad = load_pad(name)
    if pad.camera is None:
        return pad
    lies = pad.camera.width_m > pad.camera.height_m
    (field_rows, field_columns), (rows, columns) = (grid[::-1] if lies else grid for grid in (FIELD_GRID, PICTURE_GRID))
    camera = replace(pad.camera, rows=rows, columns=columns)
    return replace(pad, camera=camera, taxels=Taxels.fitted(field_rows, field_columns, camera))


def pad_terms(pad: Pad) -> tuple[ImageTerm, ...]:
    """Return what a policy can see of both pads, of ``policy_pad``: forces and, if they have cameras, pictures."""
    taxels, camera = pad.taxels, pad.camera
    field = ImageTerm(
        "field", (2, taxels.rows, taxels.columns, 3), "N", "pad; left and right, row, column, xyz on the gel", ""
    ).from_pad(pad.name)
    if camera is None:
        return (field,)
    frame = "pad; left and right, row, column, RGB"
    return field, ImageTerm("image", (2, camera.rows, camera.columns, 3), "1/255", frame, "").from_pad(pad.name)
