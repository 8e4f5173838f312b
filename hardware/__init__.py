"""The robot side: links, supervisor, control loop and logs; importable without torch and mujoco."""
