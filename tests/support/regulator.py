"""A small problem whose optimum is known: a double integrator with quadratic costs, learnt one sample at a time."""

import numpy as np
from scipy.linalg import solve_discrete_are

from hardware.adaptation.streaming import StreamingActorCritic

A, B = np.array([[1.0, 0.1], [0.0, 1.0]]), np.array([[0.005], [0.1]])
"""Position and velocity under an acceleration, a tenth of a second a step."""
Q, R = np.diag([1.0, 0.1]), np.array([[0.1]])
DISCOUNT, LIMIT, STEPS, FAR = 0.97, 4.0, 100, 5.0
"""Of rewards; of commands; of an episode; where an episode has failed."""


def optimal_gain():
    """Return K of the command -K x, from the discounted Riccati equation."""
    root = np.sqrt(DISCOUNT)
    cost = solve_discrete_are(root * A, root * B, Q, R)
    return np.linalg.solve(R + DISCOUNT * B.T @ cost @ B, DISCOUNT * B.T @ cost @ A)


def loss(state, command):
    return float(state @ Q @ state + command @ R @ command)


def cost(law, episodes=50):
    """Return the mean discounted loss of a law over episodes that begin anywhere."""
    total = 0.0
    for start in np.random.default_rng(5).uniform(-1.0, 1.0, (episodes, 2)):
        state = start
        for k in range(STEPS):
            command = np.clip(law(state), -LIMIT, LIMIT)
            total += DISCOUNT**k * loss(state, command)
            state = A @ state + B @ command
    return total / episodes


def train(learner: StreamingActorCritic, samples, seed):
    """Let the learner act and learn."""
    rng = np.random.default_rng(seed)
    state, step = rng.uniform(-1.0, 1.0, 2), 0
    for _ in range(samples):
        command = LIMIT * learner.act(state)
        after, step = A @ state + B @ command, step + 1
        far = bool(np.abs(after).max() > FAR)
        # What fails is not worth nothing but the worst: costs end with the episode, and ending must not pay.
        reward = -loss(state, command) - (100.0 if far else 0.0)
        learner.learn(reward, after, failed=far, over=step == STEPS)
        state = after
        if far or step == STEPS:
            state, step = rng.uniform(-1.0, 1.0, 2), 0
