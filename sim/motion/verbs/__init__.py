"""The subcommands of ``sim2metal motion``: one class each, with ``run``."""
