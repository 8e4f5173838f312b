"""Replay: a flight's policy does again what it did, and another's first difference is found."""

from pathlib import Path

import numpy as np
import pytest

from hardware import deploy, recover, replay
from hardware.log_reader import read_log
from hardware.virtual.process import VirtualProcess
from sim.errors import BundleError, ConfigError, StorageError, VerificationError

ZOO = Path(__file__).parents[2] / "policies" / "zoo"


@pytest.fixture(scope="module")
def bundle(pd_bundle):
    return pd_bundle


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A policy for the heavier airframe: other actions on the same observations."""
    import sim.tasks.hover as hover
    from policies.build import build_bundle
    from tests.support.pd_policy import PdPolicy

    policy = PdPolicy(hover.ROBOT.parameters("l2f_v2"))
    return build_bundle(tmp_path_factory.mktemp("other") / "bundle", policy, hover, 0, {"policy": "hand-made"}, {})


@pytest.fixture(scope="module")
def log(bundle, tmp_path_factory):
    path = tmp_path_factory.mktemp("flight") / "flight.mcap"
    deploy.run(deploy.Args(bundle.path, uri="sim://crazyflie", log=path, hold=1.0, dwell=0.6, settle=0.5))
    return path


def test_the_policy_does_again_what_it_did(log):
    result = replay.run(replay.Args(log))
    assert result["largest_difference"] == 0.0
    assert result["first_difference"] is None
    assert result["steps"] > 500


def test_the_first_difference_of_another_policy_is_named(log, other):
    with pytest.raises(VerificationError, match="acts differently from step") as caught:
        replay.run(replay.Args(log, bundle=other.path))
    result = caught.value.result
    first = result["first_difference"]
    recorded = read_log(log)
    assert first["logged"] == recorded["action"][first["step"]].tolist()
    assert first["logged"] != first["computed"]
    assert first["step"] == np.flatnonzero(recorded["reset"])[0], "they differ from the first step on"


def test_a_difference_in_the_middle_is_found_where_it_is(log, tmp_path):
    """Flip the log's own numbers: the step with the changed action is the one named."""
    import json

    from mcap.reader import make_reader
    from mcap.writer import Writer

    changed = tmp_path / "changed.mcap"
    with log.open("rb") as source, changed.open("wb") as target:
        reader, writer = make_reader(source), Writer(target)
        writer.start()
        for metadata in reader.iter_metadata():
            writer.add_metadata(metadata.name, metadata.metadata)
        channels, seen = {}, 0
        for schema, channel, message in reader.iter_messages():
            if channel.topic not in channels:
                number = writer.register_schema(schema.name, schema.encoding, schema.data)
                channels[channel.topic] = writer.register_channel(channel.topic, channel.message_encoding, number)
            record = json.loads(message.data)
            if record.get("action"):
                seen += 1
                if seen == 300:
                    record["action"][2] += 0.01
                    changed_ns = record["time_ns"]
            writer.add_message(
                channels[channel.topic], message.log_time, json.dumps(record).encode(), message.publish_time
            )
        writer.finish()
    with pytest.raises(VerificationError) as caught:
        replay.run(replay.Args(changed))
    result = caught.value.result
    assert read_log(changed)["time_ns"][result["first_difference"]["step"]] == changed_ns
    assert result["different_steps"] == 1
    assert result["largest_difference"] == pytest.approx(0.01)
    assert replay.run(replay.Args(changed, tolerance=0.02))["first_difference"] is None


def test_a_log_cut_short_is_replayed_and_recovered(log, tmp_path):
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
    result = replay.run(replay.Args(cut))
    assert not result["complete"]
    assert 0 < result["steps"] < replay.run(replay.Args(log))["steps"]

    from mcap.reader import make_reader

    whole = recover.run(recover.Args(cut, out=tmp_path / "whole.mcap"))
    assert not whole["was_complete"]
    with (tmp_path / "whole.mcap").open("rb") as file:
        assert sum(1 for _ in make_reader(file).iter_messages()) == whole["messages"]
    assert recover.run(recover.Args(tmp_path / "whole.mcap"))["was_complete"]


def test_a_bundle_that_changed_since_is_not_taken_for_the_one_that_flew(log, bundle, other, tmp_path, monkeypatch):
    real = replay.read_log

    def moved(path):
        return {**(found := real(path)), "metadata": {**found["metadata"], "bundle_path": str(other.path)}}

    monkeypatch.setattr(replay, "read_log", moved)
    with pytest.raises(ConfigError, match=f"bundle {bundle.id[:12]} flew"):
        replay.run(replay.Args(log))


def test_what_cannot_be_replayed_says_why(log, bundle, tmp_path):
    with pytest.raises(StorageError, match="cannot read log"):
        replay.run(replay.Args(tmp_path / "none.mcap"))
    with pytest.raises(BundleError, match="no bundle"):
        replay.run(replay.Args(log, bundle=tmp_path / "none"))
    with pytest.raises(ConfigError, match="the policy ran on board"):
        replay.run(replay.Args(_flight_on_board(bundle, tmp_path)))


def test_a_bundle_with_other_commands_is_refused(log):
    with pytest.raises(ConfigError, match="commands roll, pitch, yaw_rate, thrust, the log holds m1, m2, m3, m4"):
        replay.run(replay.Args(log, bundle=ZOO / "hover_attitude"))


def _flight_on_board(bundle, tmp_path):
    """The log of a flight that a robot with its own policy flew: no observations in it."""
    path = tmp_path / "on-board.mcap"
    with VirtualProcess(options=("--lock-step", "--bundle", str(bundle.path))) as robot:
        uri = f"{robot.uri}?clock=robot"
        deploy.run(deploy.Args(bundle.path, uri=uri, log=path, height=0.3, hold=0.5, step=0.1, dwell=0.4, settle=0.2))
    return path
