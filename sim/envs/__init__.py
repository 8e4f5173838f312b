"""Vectorised environments on ``mujoco.batch`` and their Gymnasium face."""
