import pytest

from hardware import ros2

ros2.install()

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult  # noqa: E402
from rcl_interfaces.srv import GetParameters, ListParameters, SetParameters, SetParametersAtomically  # noqa: E402
from rclpy.exceptions import (  # noqa: E402
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterAlreadyDeclaredException,
    ParameterNotDeclaredException,
    ParameterUninitializedException,
)
from rclpy.parameter import Parameter  # noqa: E402

RANGED = ParameterDescriptor(floating_point_range=[FloatingPointRange(from_value=0.0, to_value=2.0, step=0.5)])


@pytest.mark.parametrize("value", [True, 3, 1.5, "text", [True, False], [1, 2], [1.0, 2.0], ["a", "b"], [b"\x01"]])
def test_values_of_every_type_survive_the_message(value):
    parameter = Parameter("p", value=value)
    assert Parameter.from_parameter_msg(parameter.to_parameter_msg()) == parameter


@pytest.mark.parametrize("value", [{}, object(), [1, "a"], [1, 2.0]])
def test_other_values_are_refused(value):
    with pytest.raises(TypeError):
        Parameter("p", value=value)


def test_declare_get_set(ros):
    node = ros.node()
    assert node.declare_parameter("rate", 50).value == 50
    assert node.get_parameter("rate").type_ == Parameter.Type.INTEGER
    assert node.set_parameters([Parameter("rate", value=60)])[0].successful
    assert node.get_parameter("rate").value == 60
    assert node.get_parameter_or("nothing", Parameter("x", value=1)).value == 1
    with pytest.raises(ParameterAlreadyDeclaredException):
        node.declare_parameter("rate", 1)
    with pytest.raises(ParameterNotDeclaredException):
        node.get_parameter("nothing")
    with pytest.raises(ParameterNotDeclaredException):
        node.set_parameters([Parameter("nothing", value=1)])


def test_types_hold(ros):
    node = ros.node()
    node.declare_parameter("gain", 1.0)
    outcome = node.set_parameters([Parameter("gain", value=2)])[0]
    assert not outcome.successful
    assert outcome.reason == "Wrong parameter type, expected 'DOUBLE' got 'INTEGER'"
    node.declare_parameter("any", 1, ParameterDescriptor(dynamic_typing=True))
    assert node.set_parameters([Parameter("any", value="text")])[0].successful


def test_a_type_without_a_value(ros):
    node = ros.node()
    node.declare_parameter("bundle", Parameter.Type.STRING)
    with pytest.raises(ParameterUninitializedException):
        node.get_parameter("bundle")
    node.set_parameters([Parameter("bundle", value="/b")])
    assert node.get_parameter("bundle").value == "/b"


@pytest.mark.parametrize(
    ("value", "fine"), [(0.0, True), (0.5, True), (2.0, True), (2.1, False), (-0.1, False), (0.7, False)]
)
def test_ranges(ros, value, fine):
    node = ros.node()
    node.declare_parameter("speed", 1.0, RANGED)
    assert node.set_parameters([Parameter("speed", value=value)])[0].successful is fine
    assert node.get_parameter("speed").value == (value if fine else 1.0)


def test_a_default_out_of_its_range_is_refused(ros):
    node = ros.node()
    limits = ParameterDescriptor(integer_range=[IntegerRange(from_value=1, to_value=10, step=3)])
    assert node.declare_parameter("n", 4, limits).value == 4
    with pytest.raises(InvalidParameterValueException, match="valid step"):
        node.declare_parameter("m", 5, limits)
    with pytest.raises(InvalidParameterValueException, match="out of range"):
        node.declare_parameter("k", 11, limits)
    assert not node.has_parameter("k")


def test_read_only(ros):
    node = ros.node()
    node.declare_parameter("model", "cf2", ParameterDescriptor(read_only=True))
    outcome = node.set_parameters([Parameter("model", value="cf3")])[0]
    assert (outcome.successful, node.get_parameter("model").value) == (False, "cf2")


def test_callbacks_decide_and_hear(ros):
    node, heard = ros.node(), []
    node.declare_parameter("a", 1)
    node.declare_parameter("b", 1)

    def even(parameters):
        return SetParametersResult(successful=all(p.value % 2 == 0 for p in parameters), reason="odd")

    node.add_on_set_parameters_callback(even)
    node.add_post_set_parameters_callback(lambda parameters: heard.extend(p.name for p in parameters))
    both = [Parameter("a", value=2), Parameter("b", value=3)]
    assert not node.set_parameters_atomically(both).successful
    assert (node.get_parameter("a").value, heard) == (1, [])
    assert [r.successful for r in node.set_parameters(both)] == [True, False]
    assert heard == ["a"]
    node.remove_on_set_parameters_callback(even)
    assert node.set_parameters_atomically(both).successful


def test_overrides_from_arguments_and_files(ros, tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text(
        "/**:\n  ros__parameters:\n    rate: 10\n    pid: {kp: 1.5}\n"
        f"{ros.namespace}/node:\n  ros__parameters:\n    rate: 20\n"
        "other:\n  ros__parameters:\n    rate: 30\n"
    )
    node = ros.node(cli_args=["--ros-args", "--params-file", str(file), "-p", "names:=[a, b]"])
    assert node.declare_parameter("rate", 1).value == 20
    assert node.declare_parameter("pid.kp", 0.0).value == 1.5
    assert node.declare_parameter("names", [""]).value == ["a", "b"]
    assert node.declare_parameter("free", 7).value == 7
    with pytest.raises(InvalidParameterTypeException):
        ros.node("other", cli_args=["-p", "x:=text"]).declare_parameter("x", 1.0)


def test_the_services_of_a_node(ros):
    node, other = ros.node(), ros.node("other")
    node.declare_parameter("speed", 1.0, RANGED)
    names = ros.call(other.create_client(ListParameters, "node/list_parameters"), ListParameters.Request()).result.names
    assert sorted(names) == ["speed", "use_sim_time"]
    getting = other.create_client(GetParameters, "node/get_parameters")
    assert ros.call(getting, GetParameters.Request(names=["speed"])).values[0].double_value == 1.0
    assert ros.call(getting, GetParameters.Request(names=["nothing"])).values == []
    setting = other.create_client(SetParameters, "node/set_parameters")
    wanted = [Parameter(n, value=v).to_parameter_msg() for n, v in (("speed", 2.0), ("speed", 5.0), ("nothing", 1))]
    results = ros.call(setting, SetParameters.Request(parameters=wanted)).results
    assert [result.successful for result in results] == [True, False, False]
    assert node.get_parameter("speed").value == 2.0


def test_a_malformed_request_is_answered(ros):
    node, other = ros.node(), ros.node("other")
    node.declare_parameter("speed", 1.0)
    message = Parameter("speed", value=2.0).to_parameter_msg()
    message.value.type = 77
    client = other.create_client(SetParametersAtomically, "node/set_parameters_atomically")
    result = ros.call(client, SetParametersAtomically.Request(parameters=[message])).result
    assert not result.successful
    assert "malformed parameter" in result.reason
