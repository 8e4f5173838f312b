"""The DDS domains of this process, as ROS 2 configures them; ``hardware/dds/open_domains.py`` keeps them."""

from __future__ import annotations

from cyclonedds.core import DDSException
from cyclonedds.domain import Domain

from hardware.dds import open_domains
from hardware.dds.loopback import keep_to_loopback, socket_inodes
from hardware.dds.open_domains import close_domain, delete
from hardware.ros2.environment import Network, configuration
from hardware.ros2.errors import DdsError

__all__ = ["close_domain", "delete", "open_domain"]


def open_domain(net: Network) -> None:
    """Configure the domain of a new participant, once per process.

    Raises:
        DdsError: if Cyclone DDS refuses, or the domain is open here with other settings.
    """
    text = configuration(net)
    if open_domains.open_domain(net.domain_id, "ros2", text, lambda: _configured(net, text)) is not None:
        raise DdsError(f"DDS domain {net.domain_id} is open in this process with other network settings")


def _configured(net: Network, text: str) -> Domain | None:
    before = socket_inodes()
    try:
        domain = Domain(net.domain_id, text)
    except DDSException as error:
        if error.code == DDSException.DDS_RETCODE_PRECONDITION_NOT_MET:
            return None  # something else in this process opened it before: its configuration holds
        raise DdsError(f"Cyclone DDS refuses the configuration of domain {net.domain_id}: {error.msg}") from error
    if net.loopback_only:
        keep_to_loopback(net.domain_id, before)
    return domain
