"""A DDS peer that knows nothing of ours: types written by hand, cyclonedds' own serialisation, in a process of its own.

It reads commands from standard input, one JSON object a line, and answers the same way.
"""

import json
import sys
import time
from dataclasses import dataclass

from cyclonedds import _clayer
from cyclonedds.builtin import (
    BuiltinDataReader,
    BuiltinTopicDcpsParticipant,
    BuiltinTopicDcpsPublication,
    BuiltinTopicDcpsSubscription,
)
from cyclonedds.core import InstanceState, SampleState, ViewState
from cyclonedds.domain import Domain, DomainParticipant
from cyclonedds.idl import IdlStruct
from cyclonedds.idl.types import array, bounded_str, float64, int32, int64, sequence, uint8, uint32, uint64
from cyclonedds.pub import DataWriter
from cyclonedds.qos import Policy, Qos
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic

ANY = SampleState.Any | ViewState.Any | InstanceState.Any
# What rmw_cyclonedds configures under ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST.
CONFIGURATION = """<CycloneDDS><Domain><General><AllowMulticast>false</AllowMulticast></General>
<Discovery><ParticipantIndex>auto</ParticipantIndex><MaxAutoParticipantIndex>32</MaxAutoParticipantIndex>
<Peers><Peer address="localhost"/></Peers></Discovery></Domain></CycloneDDS>"""
RELIABLE = Qos(
    Policy.DataRepresentation(use_cdrv0_representation=True),
    Policy.Reliability.Reliable(1_000_000_000),
    Policy.History.KeepLast(100),
)
KEPT = Qos(
    Policy.DataRepresentation(use_cdrv0_representation=True),
    Policy.Reliability.Reliable(1_000_000_000),
    Policy.Durability.TransientLocal,
    Policy.History.KeepAll,
)


@dataclass
class String(IdlStruct, typename="std_msgs::msg::dds_::String_"):
    data: str


@dataclass
class Time(IdlStruct, typename="builtin_interfaces::msg::dds_::Time_"):
    sec: int32
    nanosec: uint32


@dataclass
class Header(IdlStruct, typename="std_msgs::msg::dds_::Header_"):
    stamp: Time
    frame_id: str


@dataclass
class JointState(IdlStruct, typename="sensor_msgs::msg::dds_::JointState_"):
    header: Header
    name: sequence[str]
    position: sequence[float64]
    velocity: sequence[float64]
    effort: sequence[float64]


@dataclass
class Gid(IdlStruct, typename="rmw_dds_common::msg::dds_::Gid_"):
    data: array[uint8, 16]


@dataclass
class NodeEntitiesInfo(IdlStruct, typename="rmw_dds_common::msg::dds_::NodeEntitiesInfo_"):
    node_namespace: bounded_str[256]
    node_name: bounded_str[256]
    reader_gid_seq: sequence[Gid]
    writer_gid_seq: sequence[Gid]


@dataclass
class ParticipantEntitiesInfo(IdlStruct, typename="rmw_dds_common::msg::dds_::ParticipantEntitiesInfo_"):
    gid: Gid
    node_entities_info_seq: sequence[NodeEntitiesInfo]


@dataclass
class Peer:
    domain_id: int

    def __post_init__(self):
        self.domain = Domain(self.domain_id, CONFIGURATION)
        qos = Qos(Policy.Userdata(b"enclave=/raw;"))
        self.participant = DomainParticipant(self.domain_id, qos)
        topics = (BuiltinTopicDcpsParticipant, BuiltinTopicDcpsPublication, BuiltinTopicDcpsSubscription)
        self.builtin = [BuiltinDataReader(self.participant, topic) for topic in topics]
        self.topics, self.readers, self.writers = {}, {}, {}
        self.reader("ros_discovery_info", ParticipantEntitiesInfo, KEPT)
        self.found, self.seen = [], []

    def topic(self, name, kind):
        return self.topics.setdefault(name, Topic(self.participant, name, kind))

    def reader(self, name, kind, qos=RELIABLE):
        return self.readers.setdefault(name, DataReader(self.participant, self.topic(name, kind), qos))

    def writer(self, name, kind, qos=RELIABLE):
        return self.writers.setdefault(name, DataWriter(self.participant, self.topic(name, kind), qos))

    def subscribe(self, name, kind):
        self.reader(name, globals()[kind])

    def take(self, name, count, timeout=8.0):
        """Raw bytes of samples, headers included."""
        taken, end = [], time.monotonic() + timeout
        while len(taken) < count and time.monotonic() < end:
            taken += [
                data.hex() for data, info in _clayer.ddspy_take(self.readers[name]._ref, ANY, 10) if info.valid_data
            ]
            time.sleep(0.005)
        return taken

    def endpoints(self, name, timeout=8.0):
        """Type, user data and policies of the writers and readers of a topic in other participants."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            for side, reader in zip(("writer", "reader"), self.builtin[1:]):
                self.found += [(side, one) for one in reader.take(100) if one.sample_info.valid_data]
            own = self.participant.get_guid().bytes[:12]
            found = [_describe(side, s) for side, s in self.found if s.topic_name == name and s.key.bytes[:12] != own]
            if found:
                return found
            time.sleep(0.02)
        return []

    def participants(self):
        """User data of all participants ever seen."""
        taken = [sample for sample in self.builtin[0].take(1000) if sample.sample_info.valid_data]
        self.seen += [bytes(sample.qos[Policy.Userdata].data).decode() for sample in taken]
        return self.seen

    def node(self, name, gid, timeout=8.0):
        """What ros_discovery_info says of a node, decoded by cyclonedds, once it has an endpoint ``gid``."""
        reader, end = self.readers["ros_discovery_info"], time.monotonic() + timeout
        while time.monotonic() < end:
            for data, info in _clayer.ddspy_read(reader._ref, ANY, 100):
                message = ParticipantEntitiesInfo.deserialize(data) if info.valid_data else None
                for node in message.node_entities_info_seq if message else ():
                    gids = [bytes(one.data).hex() for one in (*node.reader_gid_seq, *node.writer_gid_seq)]
                    if node.node_name == name and gid in gids:
                        return {"namespace": node.node_namespace, "gid": bytes(message.gid.data).hex()}
            time.sleep(0.02)
        return None

    def be_node(self, name, namespace):
        writer = self.writer("ros_discovery_info", ParticipantEntitiesInfo, KEPT)
        node = NodeEntitiesInfo(namespace, name, [], [])
        writer.write(ParticipantEntitiesInfo(Gid(list(self.participant.get_guid().bytes)), [node]))

    def write_text(self, name, text):
        self._matched(self.writer(name, String)).write(String(text))

    def write_joints(self, name, positions):
        message = JointState(Header(Time(1, 2), "f"), [f"j{i}" for i in range(len(positions))], positions, [], [])
        self._matched(self.writer(name, JointState)).write(message)

    def write_bytes(self, name, kind, data):
        return _clayer.ddspy_write(self._matched(self.writer(name, globals()[kind]))._ref, bytes.fromhex(data))

    def _matched(self, writer):
        end = time.monotonic() + 8
        while not writer.get_matched_subscriptions() and time.monotonic() < end:
            time.sleep(0.005)
        return writer


@dataclass
class RequestHeader(IdlStruct, typename="cdds_request_header"):
    guid: uint64
    seq: int64


@dataclass
class SetBoolRequestBody(IdlStruct, typename="std_srvs::srv::dds_::SetBool_Request_body"):
    data: bool


@dataclass
class SetBoolRequest(IdlStruct, typename="std_srvs::srv::dds_::SetBool_Request_"):
    header: RequestHeader
    data: SetBoolRequestBody


@dataclass
class SetBoolResponseBody(IdlStruct, typename="std_srvs::srv::dds_::SetBool_Response_body"):
    success: bool
    message: str


@dataclass
class SetBoolResponse(IdlStruct, typename="std_srvs::srv::dds_::SetBool_Response_"):
    header: RequestHeader
    data: SetBoolResponseBody


def _describe(side, sample):
    qos = sample.qos
    return {
        "side": side,
        "type": sample.type_name,
        "user_data": bytes(qos[Policy.Userdata].data).decode(),
        "representation": repr(qos[Policy.DataRepresentation]),
        "reliability": repr(qos[Policy.Reliability]).partition("(")[0],
        "durability": repr(qos[Policy.Durability]),
    }


def main():
    peer = Peer(int(sys.argv[1]))
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(getattr(peer, name)(*arguments)), flush=True)


if __name__ == "__main__":
    main()
