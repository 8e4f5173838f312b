"""Motions: read, made, checked, filtered, put on robots, and given to training as arrays."""
