"""Where simulation and reality part: logged commands in simulation, the policy on logged observations."""
