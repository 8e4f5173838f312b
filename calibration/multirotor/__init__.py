"""Identification of multirotors: from a flight's inertial unit, motor commands and positions to a model."""
