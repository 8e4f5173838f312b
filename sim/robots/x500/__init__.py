"""Holybro X500, a 2 kg PX4 development quadrotor."""
