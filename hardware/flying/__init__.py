"""Robots that fly: what they do in each mode, what may go wrong, and the mission of a hover policy."""
