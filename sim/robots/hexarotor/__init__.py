"""Yuneec Typhoon H480, a 2.7 kg hexarotor."""
