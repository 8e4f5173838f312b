"""Franka Emika Panda with a parallel gripper."""
