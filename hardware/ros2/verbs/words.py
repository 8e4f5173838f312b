"""The words that commands take by their place, with the names that ``--help`` shows for them."""

from __future__ import annotations

from typing import Annotated

import tyro

NodeName = Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NODE", help="Node name.")]
TopicName = Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="TOPIC", help="Topic name.")]
ServiceName = Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="SERVICE", help="Service name.")]
ParameterName = Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME", help="Parameter name.")]
