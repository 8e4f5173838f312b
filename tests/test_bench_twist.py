"""Figures of trained runs are measured anew, and left alone where there is no run."""

from sim2metal import main
from tests.bench import bodies_twist


def test_runs_that_are_there_are_judged_and_others_leave_their_figures_out(tmp_path):
    assert bodies_twist.measure(root=tmp_path) == {}
    small = {"iterations": 1, "num-envs": 4, "horizon": 4, "evaluations": 1, "evaluation-episodes": 1, "hidden": 8}
    options = [f"--config.{name}={value}" for name, value in small.items()]
    options += ["--config.judge-episodes=0", "--config.ppo.mini-batches=1", "--config.ppo.critics=single"]
    assert main(["train", "twist", "--out", str(tmp_path / "twist_single"), *options]) == 0
    figures = bodies_twist.measure(episodes=2, root=tmp_path)
    assert figures["twist.single_critic_episodes"] == 2
    assert figures["twist.single_critic_train_steps"] == 16
    assert 0 <= figures["twist.single_critic_falls"] <= 2
    assert {"twist.single_critic_position_error_m", "twist.single_critic_orientation_error_deg"} <= figures.keys()
    assert "twist.position_error_m" not in figures
