"""Arms with a parallel gripper: their model, their kinematics in a batch, and their control."""
