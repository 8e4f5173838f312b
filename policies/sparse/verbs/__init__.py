"""The commands of ``sim2metal sparse``."""
