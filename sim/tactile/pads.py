"""The pads there are. A new one is a new entry here.

Sizes and distances of the GelSight pads: the sensor models of TacSL (arXiv 2408.06506) and its public code. DIGIT:
its look-up table's scale there (0.0511 mm/px at 320 x 240), and Lambeta et al., "DIGIT: A Novel Design for a
Low-Cost Compact High-Resolution Tactile Sensor", RA-L 2020, for the rate. Taxel grid of the image pads: TacSL's
default of 20 x 25, laid along the longer side.
"""

from __future__ import annotations

from functools import lru_cache

from sim.registry import require_known
from sim.tactile.sensor import Camera, Gel, Pad, Taxels


def young_modulus_pa(shore_a: float) -> float:
    """Return Young's modulus of a rubber from its Shore A hardness.

    A. N. Gent, "On the Relation between Indentation Hardness and Young's Modulus", Rubber Chemistry and Technology
    31 (1958) 896.
    """
    return 1e6 * 0.0981 * (56.0 + 7.62336 * shore_a) / (0.137505 * (254.0 - 2.54 * shore_a))


SILICONE = Gel(
    # Shore A 15 is the data sheet's hardness of Smooth-On Solaris, a clear silicone that such gels are cast from.
    # Nobody publishes the moduli of all three gels: this is the nominal value, and weights on your own pad replace it
    # (``stiffness.fit_stiffness``).
    modulus_pa=young_modulus_pa(15.0),
    poisson=0.48,  # nearly incompressible, as rubbers are
    thickness_m=2.0e-3,
    friction=1.0,  # assumed; silicone on plastic and metal is reported between 0.5 and 2, TacSL uses 2
    # Hunt and Crossley, "Coefficient of Restitution Interpreted as Damping in Vibroimpact", J. Appl. Mech. 42, 1975:
    # 1.5 (1 - e) / v for a rubber that bounces with e = 0.5 at 0.15 m/s, assumed.
    damping_s_m=5.0,
    relaxation_s=2e-3,  # assumed: losses of a soft silicone at tens of hertz
)

_R15 = Camera(rows=320, columns=240, width_m=23.977e-3, height_m=32.0e-3, rate_hz=25.0, distance_m=20.343e-3)
_MINI = Camera(rows=240, columns=320, width_m=25.25e-3, height_m=20.75e-3, rate_hz=25.0, distance_m=26.7e-3)
_DIGIT = Camera(rows=240, columns=320, width_m=320 * 0.0511e-3, height_m=240 * 0.0511e-3, rate_hz=60.0)
_TACSL = "arXiv 2408.06506 and its public sensor models"

PADS: dict[str, Pad] = {
    pad.name: pad
    for pad in (
        Pad(
            "gelsight_r15", "GelSight R1.5", _R15, Taxels.fitted(25, 20, _R15), SILICONE,
            (_R15.width_m, _R15.height_m), 100.0, _TACSL,
        ),
        Pad(
            "gelsight_mini", "GelSight Mini", _MINI, Taxels.fitted(20, 25, _MINI), SILICONE,
            (_MINI.width_m, _MINI.height_m), 100.0, _TACSL,
        ),
        Pad(
            "digit", "DIGIT", _DIGIT, Taxels.fitted(20, 25, _DIGIT), SILICONE,
            (_DIGIT.width_m, _DIGIT.height_m), 100.0, f"{_TACSL}; Lambeta et al., RA-L 2020",
        ),
        Pad(
            # A made-up skin: 10 x 10 is the grid of TacSL's speed tests, 2 mm a usual pitch of taxel skins.
            "taxel_array", "taxel array", None, Taxels(10, 10, 2.0e-3), SILICONE,
            (22e-3, 22e-3), 100.0, "generic",
        ),
    )
}  # fmt: skip


@lru_cache
def load_pad(name: str) -> Pad:
    """Return a pad by name.

    Raises:
        ConfigError: for an unknown name, with the valid ones.
    """
    require_known(name, PADS, "pad")
    return PADS[name]
