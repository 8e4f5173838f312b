"""One file per task: observations, costs, terminations, start states and randomization."""
