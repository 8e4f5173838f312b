"""A virtual Crazyflie: the CRTP side of a Crazyflie for the unmodified cflib, with MuJoCo as its body."""
