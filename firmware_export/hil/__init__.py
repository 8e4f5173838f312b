"""Hardware in the loop: the policy on a microcontroller, real or emulated, over a serial port."""
