"""Nodes of sim2metal: thin, ordinary rclpy; what they decide is decided in ``hardware/`` and ``policies/``."""
