"""What sensors and links add to the truth: noise, bias instability, clocks and delays, from logs."""
