"""A mouse on two legs with a big head, a character for motion retargeting: constants and model."""
