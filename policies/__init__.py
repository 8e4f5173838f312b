"""Networks, learners, the bundle and the runtime."""
