"""A 35 g ducted micro quadrotor (75 mm whoop)."""
