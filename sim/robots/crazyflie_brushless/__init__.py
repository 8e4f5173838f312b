"""Bitcraze Crazyflie 2.1 Brushless."""
