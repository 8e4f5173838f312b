"""Robots with joints: their MuJoCo models."""
