"""The graph of the runtime in ``hardware/ros2``."""

import pytest

from hardware.ros2.graph import NodeInfo


@pytest.mark.parametrize(("told", "known"), [("readers", "subscriptions"), ("writers", "publications")])
def test_it_is_complete_once_every_endpoint_that_is_told_of_is_discovered(ros, told, known):
    graph = ros.node().context.graph
    with graph.changed:
        assert graph.is_complete()
        graph._others[b"p"] = [NodeInfo("late", "/", **{told: {b"guid"}})]
        assert not graph.is_complete()
        getattr(graph, known)[b"guid"] = None
        assert graph.is_complete()
        del graph._others[b"p"], getattr(graph, known)[b"guid"]
