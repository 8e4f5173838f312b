"""A long-tailed dinosaur on two legs, a character for motion retargeting: constants and model."""
