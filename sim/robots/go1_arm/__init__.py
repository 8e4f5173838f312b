"""Unitree Go1 with a Unitree Z1 arm on its back: constants and the arm's model."""
