"""Virtual robots on a serial line: MuJoCo inside, a pseudo-terminal and the protocol of ``hardware.serial`` outside."""
