"""The multirotor flight kernel: fused, batched, float32, with a hand-written adjoint."""
