"""A body with joints in MuJoCo, its battery, sensors and crane: shared by every protocol in front of it."""
