"""A virtual arm with tactile pads: a contact task's physics, moved by Cartesian set-points, step by step."""
