"""The virtual serial robot: MuJoCo inside, a pseudo-terminal and the protocol of ``hardware.serial`` outside."""
