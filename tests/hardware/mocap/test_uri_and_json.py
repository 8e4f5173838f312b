"""URIs of motion capture, and frames as JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.mocap.flying import default_bodies, plan_mocap
from hardware.mocap.frame import MalformedFrameError, MocapFrame, RigidBody
from hardware.mocap.json_frames import decode_frame, encode_frame
from hardware.mocap.uri import parse_mocap_uri
from hardware.virtual.mocap.server import serve_mocap
from sim.errors import ConfigError

BODY = {"name": "cf1", "position": [1, 2.5, 3], "orientation": [1, 0, 0, 0]}


def test_a_uri_says_which_system_and_how_it_lies():
    uri = parse_mocap_uri("natnet://10.0.0.5?up=y&interface=10.0.0.9")
    assert (uri.scheme, uri.host, uri.port, uri.up, uri.interface) == ("natnet", "10.0.0.5", 1510, "y", "10.0.0.9")
    assert (parse_mocap_uri("vicon://h").port, parse_mocap_uri("vicon://h").up) == (0, "z")
    assert parse_mocap_uri("json://127.0.0.1:7").port == 7


@pytest.mark.parametrize(
    "text",
    ["", "natnet", "natnet://", "http://h", "natnet://h:x", "natnet://h:99999", "natnet://h?up=x", "natnet://h?down=1",
     "json://h?interface=1", "natnet://h/path", "natnet://h?up", "natnet://h#f", "natnet://[h"],
)  # fmt: skip
def test_a_uri_of_nothing_is_refused_in_one_line(text):
    with pytest.raises(ConfigError) as caught:
        parse_mocap_uri(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["x", "natnet://", "natnet://h?rate=0", "natnet://h?version=2.0", "json://h?up=x"])
def test_a_virtual_system_of_nothing_is_refused(text):
    with pytest.raises(ConfigError, match="virtual motion capture"):
        serve_mocap(text, [], 0)


def test_every_robot_needs_a_body_of_its_own_and_must_take_poses():
    radio = ["radio://0/80/2M/E701", "radio://0/80/2M/E702"]
    assert plan_mocap("natnet://h", default_bodies(2), radio).host == "h"
    assert plan_mocap(None, (), radio) is None
    for bodies in (["cf1"], ["cf1", "cf1"]):
        with pytest.raises(ConfigError, match="different"):
            plan_mocap("natnet://h", bodies, radio)
    with pytest.raises(ConfigError, match="takes no poses"):
        plan_mocap("natnet://h", ["g1"], ["dds://eth0"])


def test_a_frame_is_read_as_it_was_written():
    frame = MocapFrame(5, (RigidBody("cf1", (1.0, 2.0, 3.0), (1.0, 0.0, 0.0, 0.0)),), 7, 0.5)
    assert decode_frame(encode_frame(frame), 5) == frame
    assert decode_frame(json.dumps({"bodies": [BODY]}).encode(), 5).number is None
    turned = decode_frame(json.dumps({"bodies": [BODY]}).encode(), 5, "y").bodies[0]
    assert turned.position_w == (1.0, -3.0, 2.5)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"bodies": {}},
        {"bodies": [3]},
        {"bodies": [BODY | {"name": ""}]},
        {"bodies": [BODY | {"name": 3}]},
        {"bodies": [BODY | {"position": [1, 2]}]},
        {"bodies": [BODY | {"position": [1, 2, True]}]},
        {"bodies": [BODY | {"position": [1, 2, 10**400]}]},
        {"bodies": [BODY | {"orientation": "1000"}]},
        {"bodies": [BODY], "frame": -1},
        {"bodies": [BODY], "frame": 1.5},
        {"bodies": [BODY], "time": "now"},
        {"bodies": [BODY] * 1000},
    ],
)
def test_a_document_of_another_form_is_refused(document):
    with pytest.raises(MalformedFrameError):
        decode_frame(json.dumps(document).encode(), 0)


@given(st.binary(max_size=100) | st.text(max_size=50).map(str.encode))
def test_noise_is_refused(data):
    with pytest.raises(MalformedFrameError):
        decode_frame(data, 0)


def test_deep_nesting_is_refused():
    with pytest.raises(MalformedFrameError):
        decode_frame(b"[" * 60_000, 0)
