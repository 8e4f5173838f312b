"""Poses from motion capture: a source behind a URI, checks of every pose, and the robots that they go to."""
