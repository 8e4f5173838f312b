"""Unitree G1 with 29 joints: constants and model."""
