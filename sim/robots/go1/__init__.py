"""Unitree Go1, a quadruped with 12 joints: constants and model."""
