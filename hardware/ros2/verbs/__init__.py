"""The commands of ``sim2metal ros``, one module for each noun."""
