"""Motions of a person made from a few numbers, so that everything runs without a download."""
