"""The episodes that judge bodies on legs: others than those that chose weights, or judged them in training."""

EPISODES, SEED = 200, 9_000_000
