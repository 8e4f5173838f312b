"""Networks and Adam's moments as named arrays for checkpoints, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from policies.checkpoint import flat, part

Arrays = dict[str, np.ndarray]


def network_arrays(network: nn.Module) -> Arrays:
    """Return copies of all parameters and buffers by name."""
    return {name: value.detach().cpu().numpy().copy() for name, value in network.state_dict().items()}


def load_network(network: nn.Module, arrays: Arrays) -> None:
    """Put back what ``network_arrays`` returned."""
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})


def optimizer_arrays(optimizer: torch.optim.Optimizer) -> Arrays:
    """Return the moments of every parameter that has been stepped, and the learning rate."""
    state = optimizer.state_dict()
    arrays: Arrays = {"rate": np.array(state["param_groups"][0]["lr"])}
    for index, moments in state["state"].items():
        arrays |= flat(str(index), {name: value.cpu().numpy() for name, value in moments.items()})
    return arrays


def load_optimizer(optimizer: torch.optim.Optimizer, arrays: Arrays) -> float:
    """Put back what ``optimizer_arrays`` returned, and return the learning rate."""
    rate = float(arrays["rate"])
    state: dict[str, Any] = optimizer.state_dict()
    for group in state["param_groups"]:
        group["lr"] = rate
    indices = {int(name.split(".")[0]) for name in arrays if name != "rate"}
    state["state"] = {
        index: {name: torch.from_numpy(np.array(value)) for name, value in part(str(index), arrays).items()}
        for index in indices
    }
    optimizer.load_state_dict(state)
    return rate
