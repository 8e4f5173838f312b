"""A virtual tactile sensor: an object pressed, sheared and twisted on a pad, in MuJoCo."""
