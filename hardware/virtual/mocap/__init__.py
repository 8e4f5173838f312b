"""A virtual motion capture system that sees virtual robots and speaks NatNet or JSON."""
