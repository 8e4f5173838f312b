"""``sim2metal sparse train``: motions made and put on a character, a network fitted to them, judged and kept."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from policies.sparse.fit import FitConfig
from policies.sparse.verbs.figures import lines_of


@dataclass
class Train:
    """Train the network of a character, with nothing but made motions; minutes on one core."""

    robot: str = "g1"
    """The character: any robot with a retarget.py that has head and hands, such as g1, dinosaur, mouse."""
    out: Path | None = None
    """Run folder; default: runs/sparse_ROBOT. Motions that are there from a run that was killed are not made again."""
    bundle: Path | None = None
    """Where to save the bundle; default: ``bundle`` in the run folder."""
    seed: int = 0
    """Of motions, weights, noise and order."""
    overwrite: bool = False
    """Replace a run that came to its end in the folder."""
    config: FitConfig = field(default_factory=FitConfig)
    """Settings of the motions and the fit."""

    def run(self) -> dict[str, Any]:
        """Train, judge and save; returns the figures under ``train.`` keys.

        Raises:
            Sim2MetalError: one line that says what to do.
        """
        import numpy as np
        import torch
        from rich.console import Console
        from rich.progress import Progress

        from policies.option_checks import require_at_least
        from policies.sparse.bundle import save_sparse_bundle
        from policies.sparse.data import load_pairs
        from policies.sparse.fit import examples, fit
        from policies.sparse.judge import judge
        from sim.errors import ConfigError
        from sim.files import require_writable, write_atomic
        from sim.motion.size import stature_for
        from sim.motion.sparse.pose_code import tracked_targets
        from sim.motion.sparse.variations import held_out, learnt

        require_at_least(0, {"seed": self.seed})
        tracked_targets(self.robot)
        out, config = self.out or Path(f"runs/sparse_{self.robot}"), self.config
        if (out / "result.json").exists() and not self.overwrite:
            raise ConfigError(f"{out} holds a run that came to its end; --overwrite replaces it")
        require_writable(out / "result.json")
        torch.set_num_threads(1)
        wall, cpu = time.perf_counter(), time.process_time()
        stature = stature_for(self.robot)
        to_learn = learnt(config.clips, self.seed, stature, config.duration_s)
        to_judge = held_out(config.held_out, self.seed, stature, config.duration_s)
        with Progress(transient=True) as progress:
            making = progress.add_task("motions", total=len(to_learn) + len(to_judge))
            made = [
                load_pairs(some, self.robot, out / "motions" / name, lambda: progress.advance(making))
                for name, some in (("learnt", to_learn), ("held_out", to_judge))
            ]
            fitting = progress.add_task("fit", total=config.epochs)
            network = fit(made[0], self.robot, config, self.seed, lambda *_: progress.advance(fitting))
        predict = _predictor(network)
        noise = (config.noise_position_m, config.noise_turn_rad)
        evaluation = judge(made[1], self.robot, predict, self.seed, *noise)
        proof = examples(made[1][:2], self.robot, config, np.random.default_rng(self.seed))[0][::16]
        bundle = save_sparse_bundle(
            self.bundle or out / "bundle", network, self.robot, proof, self.seed, config, evaluation
        )
        result = {
            "train.wall_s": time.perf_counter() - wall,
            "train.cpu_s": time.process_time() - cpu,
            "train.seed": self.seed,
            "train.evaluation": evaluation,
            "train.bundle": str(bundle.path),
            "train.bundle_id": bundle.id,
        }
        write_atomic(out / "result.json", json.dumps(result, indent=2) + "\n")
        console = Console(highlight=False)
        for line in (*lines_of(evaluation), f"bundle: {bundle.path} ({bundle.id[:12]})"):
            console.print(line, soft_wrap=True)
        return result


def _predictor(network: Any) -> Any:
    """Return a torch network as a function of arrays."""
    import numpy as np
    import torch

    def predict(windows: Any) -> Any:
        seen = torch.from_numpy(np.asarray(windows, np.float32))
        with torch.no_grad():
            return network(seen, torch.zeros(len(seen), 0), torch.zeros(len(seen), 1))[0].numpy()

    return predict
