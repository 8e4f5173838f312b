"""How verbs with commands of their own show them: options after the command's name, none of them with a prefix."""

from __future__ import annotations

import tyro

CONFIG = (tyro.conf.CascadeSubcommandArgs, tyro.conf.OmitArgPrefixes, tyro.conf.OmitSubcommandPrefixes)
"""A verb's module has it under this name, too: ``sim2metal.py`` asks for it there."""
