"""Bitcraze Crazyflie 2.x, a 27 g nano quadrotor."""
