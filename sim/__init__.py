"""Robots, tasks, physics, sensors and randomization. Imports no sibling package."""
