"""One folder per robot: ``robot.py`` (constants with units and sources) and its MJCF beside it."""
