"""Whole bodies on legs: their physics in batches, and terms of observation, reward and randomization on arrays."""
