"""Hardware in the loop on the emulated STM32F405: closed-loop hover episodes, compared at every step.

Two policies: motor commands at 100 Hz, trained here as the first whole flight does, and the zoo's
attitude and thrust set-points at 50 Hz. ``sim2metal hil`` fails if one step is out of its bound.
"""

import tempfile
from pathlib import Path

from tests.bench.verb import run_verb

EPISODES = 100
ZOO = "policies/zoo/hover_attitude"
KEPT = (
    *("episodes", "success", "steps", "max_abs_err", "max_relative_err", "instructions_max", "stack_bytes"),
    *("requests", "repeated", "latency_median_ms", "latency_p99_ms", "wall_s"),
)


def measure(repeats: int = 1, episodes: int = EPISODES) -> dict[str, object]:
    """Fly both policies.

    Args:
        repeats: ignored; errors and counts do not vary from run to run.
        episodes: of each.

    Returns:
        ``hil.NAME`` of the motor policy and ``hil.attitude.NAME`` of the zoo's.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        run_verb(Path(folder) / "train.json", "train", "hover", "--seed", "0", "--out", str(run))
        motor = _fly(run / "bundle", episodes, folder)
        attitude = _fly(ZOO, episodes, folder)
    return {
        **{f"hil.{name}": motor[f"hil.{name}"] for name in KEPT},
        **{f"hil.attitude.{name}": attitude[f"hil.{name}"] for name in KEPT},
    }


def _fly(bundle: Path | str, episodes: int, folder: str) -> dict:
    options = ("--episodes", str(episodes), "--dump", f"{folder}/worst.npz")
    return run_verb(Path(folder) / "hil.json", "hil", str(bundle), *options)
