"""Learners of contact tasks, on rsl-rl-lib's algorithms: PPO, asymmetric distillation, DAgger, behaviour cloning."""
