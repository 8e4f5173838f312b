"""What other DDS peers see of a node, told by a peer in another process that shares no code with the runtime."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedds.qos import _CQos

from hardware import ros2
from hardware.ros2.participant import QOS_LOCK

ros2.install()

from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import SetBool  # noqa: E402

HASHES = {
    # Of a real ROS 2, see test_definitions.
    "String": "typehash=RIHS01_df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18;",
}


@pytest.fixture(scope="module")
def raw(domain_id):
    """The peer: ``raw("method", ...)`` returns its answer."""
    command = [sys.executable, "-u", str(Path(__file__).with_name("raw_peer.py")), str(domain_id)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def call(*words):
        process.stdin.write(json.dumps(words) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    assert json.loads(process.stdout.readline()) == "ready"
    yield call
    process.stdin.close()
    process.wait(10)


def test_a_publisher(ros, raw):
    node = ros.node("talker")
    publisher = node.create_publisher(String, "chatter", 10)
    name = f"rt{ros.namespace}/chatter"
    raw("subscribe", name, "String")
    (seen,) = [one for one in raw("endpoints", name) if one["side"] == "writer"]
    assert seen["type"] == "std_msgs::msg::dds_::String_"
    assert seen["user_data"] == HASHES["String"]
    assert "use_cdrv0_representation=True, use_xcdrv2_representation=False" in seen["representation"]
    assert (seen["reliability"], seen["durability"]) == ("Policy.Reliability.Reliable", "Policy.Durability.Volatile")
    ros.spin_until(lambda: publisher.get_subscription_count())
    publisher.publish(String(data="hello"))
    # CDR_LE, six bytes of text with its end, padded to four
    assert raw("take", name, 1) == ["00010000" + "06000000" + b"hello\0".hex() + "0000"]


def test_a_subscription(ros, raw):
    node, got = ros.node("listener"), []
    node.create_subscription(JointState, "/joints" + ros.namespace, got.append, 10)
    raw("write_joints", f"rt/joints{ros.namespace}", [0.5, -1.5])
    ros.spin_until(lambda: got)
    assert got[0].name == ["j0", "j1"]
    assert list(got[0].position) == [0.5, -1.5]
    assert (got[0].header.stamp.sec, got[0].header.stamp.nanosec, got[0].header.frame_id) == (1, 2, "f")


@pytest.mark.parametrize(
    ("qos", "reliability", "durability"),
    [
        (qos_profile_sensor_data, "BestEffort", "Volatile"),
        (QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL), "Reliable", "TransientLocal"),
    ],
)
def test_policies(ros, raw, qos, reliability, durability):
    ros.node().create_publisher(String, "a", qos)
    (seen,) = raw("endpoints", f"rt{ros.namespace}/a")
    assert seen["reliability"] == f"Policy.Reliability.{reliability}"
    assert seen["durability"] == f"Policy.Durability.{durability}"


def test_participant_and_node_are_announced(ros, raw):
    node = ros.node("announced")
    publisher = node.create_publisher(String, "a", 1)
    raw("endpoints", f"rt{ros.namespace}/a")
    seen = raw("node", "announced", publisher._writer.guid.hex())
    assert seen == {"namespace": ros.namespace, "gid": ros.context.participant.guid.hex()}
    assert "enclave=/;" in raw("participants")


def test_the_node_of_another_is_known(ros, raw):
    node = ros.node()
    raw("be_node", "stranger", "/far")
    ros.spin_until(lambda: ("stranger", "/far") in node.get_node_names_and_namespaces())
    assert ("stranger", "/far", "/raw") in node.get_node_names_and_namespaces_with_enclaves()


def test_a_service(ros, raw):
    """Request and reply begin with the client's u64 and an i64 count; the reply echoes them."""
    node = ros.node("server")
    calls = []

    def answer(request, response):
        calls.append(request)
        return SetBool.Response(success=request.data, message="ok")

    node.create_service(SetBool, "set", answer)
    request, reply = f"rq{ros.namespace}/setRequest", f"rr{ros.namespace}/setReply"
    raw("subscribe", reply, "SetBoolResponse")
    seen = {one["side"]: one for name in (request, reply) for one in raw("endpoints", name)}
    assert seen["reader"]["type"] == "std_srvs::srv::dds_::SetBool_Request_"
    assert seen["writer"]["type"] == "std_srvs::srv::dds_::SetBool_Response_"
    assert seen["reader"]["user_data"].startswith("serviceid=")
    assert ";typehash=RIHS01_" in seen["reader"]["user_data"]
    assert seen["reader"]["user_data"].partition(";")[0] == seen["writer"]["user_data"].partition(";")[0]
    header = struct.pack("<Qq", 0x1122334455667788, 42).hex()
    assert raw("write_bytes", request, "SetBoolRequest", "00010000" + header + "01000000") == 0
    ros.spin_until(lambda: calls)
    body = "01000000" + "03000000" + b"ok\0".hex() + "00"
    assert raw("take", reply, 1) == ["00010000" + header + body]


def test_a_client(ros, raw):
    client = ros.node("asking").create_client(SetBool, "ask")
    request, reply = f"rq{ros.namespace}/askRequest", f"rr{ros.namespace}/askReply"
    raw("subscribe", request, "SetBoolRequest")
    seen = raw("endpoints", request)[0]
    assert seen["user_data"].startswith("clientid=")
    ros.spin_until(lambda: len(client._writer.matched_data()) == 1)
    future = client.call_async(SetBool.Request(data=True))
    (sent,) = raw("take", request, 1)
    assert sent[:8] == "00010000"
    assert sent[40:] == "01000000"
    assert struct.unpack("<q", bytes.fromhex(sent[24:40])) == (1,)
    body = "01000000" + "05000000" + b"fine\0".hex() + "000000"
    other = sent[:8] + "00" * 8 + sent[24:40] + body  # an answer to somebody else
    assert raw("write_bytes", reply, "SetBoolResponse", other) == 0
    assert raw("write_bytes", reply, "SetBoolResponse", sent[:40] + body) == 0
    ros.spin_until(future.done)
    assert future.result() == SetBool.Response(success=True, message="fine")


def test_text_that_is_not_utf8_is_dropped_and_the_next_message_arrives(ros, raw, capfd):
    node, got = ros.node("listener"), []
    node.create_subscription(String, "text", got.append, 10)
    name = f"rt{ros.namespace}/text"
    assert raw("write_bytes", name, "String", "00010000" + "03000000" + "fffe00" + "00") == 0
    raw("write_text", name, "good")
    ros.spin_until(lambda: got)
    assert [message.data for message in got] == ["good"]
    assert "dropped a sample on" in capfd.readouterr().err


def test_one_thread_at_a_time_reads_what_is_told_of_endpoints(ros, monkeypatch):
    """cyclonedds does it through buffers that all threads share: two at a time ended in a segmentation fault."""
    read, alone = _CQos.cqos_to_qos, []

    def noted(cqos):
        alone.append(QOS_LOCK.locked())
        return read(cqos)

    monkeypatch.setattr(_CQos, "cqos_to_qos", noted)
    service = ros.node("answers").create_service(SetBool, "asked", lambda _, response: response)
    client = ros.node("asks").create_client(SetBool, "asked")
    assert client.wait_for_service(5.0)
    ros.spin_until(lambda: len(client._writer.matched_data()) == 1 and len(service._reader.matched_data_all()) == 1)
    assert len(alone) > 4
    assert all(alone)
