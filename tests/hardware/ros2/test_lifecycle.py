import pytest

from hardware import ros2

ros2.install()

from lifecycle_msgs.msg import Transition, TransitionEvent  # noqa: E402
from lifecycle_msgs.srv import ChangeState, GetAvailableStates, GetAvailableTransitions, GetState  # noqa: E402
from rclpy.exceptions import RCLError  # noqa: E402
from rclpy.lifecycle import LifecycleNode, State, TransitionCallbackReturn  # noqa: E402
from std_msgs.msg import String  # noqa: E402

OK, FAILURE, ERROR = TransitionCallbackReturn


class Managed(LifecycleNode):
    """Does in each callback what ``plan`` says, and notes it."""

    def __init__(self, *args, **kwargs):
        self.plan, self.calls = {}, []
        super().__init__(*args, **kwargs)

    def act(self, name, state):
        self.calls.append((name, state.label))
        result = self.plan.get(name, OK)
        if isinstance(result, Exception):
            raise result
        return getattr(LifecycleNode, name)(self, state) if result is OK else result

    def on_configure(self, state: State):
        return self.act("on_configure", state)

    def on_activate(self, state: State):
        return self.act("on_activate", state)

    def on_deactivate(self, state: State):
        return self.act("on_deactivate", state)

    def on_cleanup(self, state: State):
        return self.act("on_cleanup", state)

    def on_shutdown(self, state: State):
        return self.act("on_shutdown", state)

    def on_error(self, state: State):
        return self.act("on_error", state)


def label(node):
    return node._state_machine.current_state[1]


def test_the_way_up_and_down(ros):
    node = ros.node(kind=Managed)
    for trigger, state in (
        (node.trigger_configure, "inactive"),
        (node.trigger_activate, "active"),
        (node.trigger_deactivate, "inactive"),
        (node.trigger_cleanup, "unconfigured"),
        (node.trigger_shutdown, "finalized"),
    ):
        assert trigger() == OK
        assert label(node) == state
    assert node.calls[0] == ("on_configure", "unconfigured")


@pytest.mark.parametrize(
    ("plan", "state"),
    [
        ({"on_configure": FAILURE}, "unconfigured"),
        ({"on_configure": ERROR}, "unconfigured"),
        ({"on_configure": ValueError("boom")}, "unconfigured"),
        ({"on_configure": "nonsense"}, "unconfigured"),
        ({"on_configure": ERROR, "on_error": FAILURE}, "finalized"),
        ({"on_configure": ERROR, "on_error": ValueError("again")}, "finalized"),
    ],
)
def test_what_goes_wrong(ros, plan, state):
    node = ros.node(kind=Managed)
    node.plan = plan
    assert node.trigger_configure() != OK
    assert label(node) == state


def test_transitions_that_are_not_allowed(ros):
    node = ros.node(kind=Managed)
    with pytest.raises(RCLError, match="allowed: configure, shutdown"):
        node.trigger_activate()
    assert label(node) == "unconfigured"


def test_a_managed_publisher_is_silent_until_active(ros):
    node, got = ros.node(kind=Managed), []
    publisher = node.create_lifecycle_publisher(String, "a", 10)
    node.create_subscription(String, "a", got.append, 10)
    publisher.publish(String(data="early"))
    node.trigger_configure()
    node.trigger_activate()
    assert publisher.is_activated
    publisher.publish(String(data="now"))
    ros.spin_until(lambda: got)
    assert [message.data for message in got] == ["now"]


def test_services_and_events(ros):
    ros.node(kind=Managed)
    other, events = ros.node("other"), []
    other.create_subscription(TransitionEvent, "node/transition_event", events.append, 10)
    change = other.create_client(ChangeState, "node/change_state")
    state = other.create_client(GetState, "node/get_state")
    ros.spin_until(lambda: other.count_publishers("node/transition_event"))
    assert ros.call(change, ChangeState.Request(transition=Transition(id=Transition.TRANSITION_CONFIGURE))).success
    assert ros.call(state, GetState.Request()).current_state.label == "inactive"
    assert ros.call(change, ChangeState.Request(transition=Transition(label="activate"))).success
    assert not ros.call(change, ChangeState.Request(transition=Transition(label="configure"))).success
    assert not ros.call(change, ChangeState.Request(transition=Transition(id=99))).success
    assert ros.call(state, GetState.Request()).current_state.id == 3
    states = ros.call(
        other.create_client(GetAvailableStates, "node/get_available_states"), GetAvailableStates.Request()
    )
    assert len(states.available_states) == 11
    kind = GetAvailableTransitions
    allowed = ros.call(other.create_client(kind, "node/get_available_transitions"), kind.Request())
    assert [t.transition.label for t in allowed.available_transitions] == ["deactivate", "shutdown"]
    graph = ros.call(other.create_client(kind, "node/get_transition_graph"), kind.Request())
    assert len(graph.available_transitions) == 25
    ros.spin_until(lambda: len(events) == 4)
    assert [event.goal_state.label for event in events] == ["configuring", "inactive", "activating", "active"]
