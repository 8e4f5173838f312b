"""A 5-inch racing quadrotor of the Agilicious class."""
