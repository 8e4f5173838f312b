"""Joints identified in the air: rotor, friction, encoder, motor and bus of each, from targets and readings alone."""
