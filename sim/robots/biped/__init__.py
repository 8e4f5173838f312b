"""A planar biped with six joints, for quick tests: constants and model."""
