"""The report: one file, nothing from outside, whole whatever is missing."""

import json
import re
import shutil

import numpy as np
import pytest

from calibration.report import Args, run
from calibration.reporting.record import load_record
from sim.errors import ConfigError
from sim2metal import main

SECTIONS = ("flight", "timing", "training", "evaluation", "robustness", "parity", "microcontroller", "faults")
BINS = {"quantity": "value", "centre": [0.8, 1.0, 1.2], "episodes": [30, 30, 30], "success_rate": [0.9, 1.0, 1.0]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, flight_log, write_flight, write_json):
    """A run folder as ``make demo`` leaves it, with synthetic figures."""
    folder = tmp_path_factory.mktemp("run") / "demo"
    write_json(folder / "train.json", {"train.wall_s": 12.5, "train.cpu_s": 13.0, "train.best": {"iteration": 1.0}})
    robustness = {name: {**BINS, "median_steady_error_m": [0.02, 0.03, None]} for name in ("mass", "thrust")}
    write_json(
        folder / "eval.json",
        {
            "eval.success_rate": 0.994,
            "eval.median_steady_error_m": 0.021,
            "eval.episodes": 1000,
            "eval.parameter_set": "l2f_paper",
            "eval.robustness": robustness,
            "eval.v2.success_rate": 0.7,
            "eval.v2.parameter_set": "l2f_v2",
        },
    )
    parity = {"parity.onnx": 2e-7, "parity.onnx.state": 1e-7, "parity.c_host": 3e-7, "parity.c_stm32f405": 4e-7}
    write_json(folder / "verify.json", {"bound": 1e-5, "sequences": 4, "steps": 400, **parity})
    size = {"flash_bytes": 50_000, "ram_bytes": 3000, "stack_bytes": 200, "instructions_per_step": 40_000}
    write_json(folder / "export.json", {"stm32f405": size})
    write_json(folder / "flight.json", {"flight": {"completed": True, "rms_error_m": 0.03, "loop_p99_ms": 10.2}})
    fault = {"fault": "link_lost", "safe_action": "level_and_descend", "detected_ms": 101.0, "safe_action_ms": 101.0}
    write_json(
        folder / "fault.json",
        {"flight": {"completed": False, "faults": [fault]}, "faults": {"link_loss_to_safe_ms": 101.0}},
    )
    curve = [{"iteration": i, "cost": 10.0 / (i + 1), "success_rate": i / 10} for i in range(10)]
    (folder / "train").mkdir()
    (folder / "train" / "curve.jsonl").write_text("".join(json.dumps(point) + "\n" for point in curve) + '{"itera')
    shutil.copy(flight_log, folder / "flight.mcap")
    write_flight(folder / "fault.mcap", fault=3.0)
    return folder


@pytest.fixture
def demo(whole, tmp_path):
    """A copy of it, without a page, to change."""
    return shutil.copytree(whole, tmp_path / "demo", ignore=shutil.ignore_patterns("report.html", "summary.json"))


@pytest.fixture(scope="module")
def reported(whole):
    """What the report of the whole folder returned; its page is there."""
    return run(Args(whole, video=False))


def page_of(folder):
    return (folder / "report.html").read_text()


@pytest.mark.usefixtures("reported")
def test_page_holds_every_section_and_asks_nothing_of_the_network(whole):
    page = page_of(whole)
    for name in SECTIONS:
        assert f'<section id="{name}">' in page
    assert "http:" not in page.replace("http://www.w3.org", "")
    assert "https:" not in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "@import" not in page
    assert "prefers-color-scheme: dark" in page
    assert "Run <code>" not in page
    assert 'class="missing"' not in page  # nothing is missing in this folder


@pytest.mark.usefixtures("reported")
def test_identifiers_in_the_page_are_unique_and_references_resolve(whole):
    page = page_of(whole)
    identifiers = re.findall(r'\bid="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))
    for reference in re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', page):
        assert max(reference) in identifiers


def test_summary_holds_every_required_figure(whole, reported):
    written = json.loads((whole / "summary.json").read_text())
    assert written["missing"] == []
    assert written["train"]["wall_s"] == 12.5
    assert written["eval"]["episodes"] == 1000
    assert written["parity"] == {"onnx": 2e-7, "onnx.state": 1e-7, "c_host": 3e-7, "c_stm32f405": 4e-7}
    assert written["stm32f405"]["instructions_per_step"] == 40_000
    assert written["flight"]["completed"] is True
    assert written["faults"]["link_loss_to_safe_ms"] == 101.0
    assert reported["report"] == str(whole / "report.html")


def test_a_training_run_alone_is_a_run_folder(demo, write_json):
    write_json(demo / "train" / "result.json", {"train.wall_s": 7.5, "train.cpu_s": 8.0})
    result = run(Args(demo / "train", video=False))
    assert result["train"] == {"wall_s": 7.5, "cpu_s": 8.0}
    assert "flight.completed" in result["missing"]
    assert 'id="training"' in page_of(demo / "train")
    assert "cost" in page_of(demo / "train")


MAKES = {"train": "train", "eval.json": "eval", "verify.json": "verify", "export.json": "export", "flight.mcap": "run"}


@pytest.mark.parametrize("gone", [("train", "verify.json"), ("train.json", "eval.json", "export.json", "flight.mcap")])
def test_missing_parts_are_named_with_the_commands_that_make_them(demo, gone):
    for name in gone:
        shutil.rmtree(demo / name) if (demo / name).is_dir() else (demo / name).unlink()
    run(Args(demo, video=False))
    page = page_of(demo)
    named = set(re.findall(r'class="missing">[^<]+<code>sim2metal (\w+) ', page))
    assert named == {MAKES[name] for name in gone if name in MAKES}
    assert all(f'<section id="{name}">' in page for name in SECTIONS)


def test_broken_files_are_said_and_the_rest_is_reported(demo):
    (demo / "eval.json").write_text('{"eval.success_rate": 0.9')
    (demo / "verify.json").write_text("[1, 2]")
    (demo / "fault.mcap").write_bytes(b"not a log")
    result = run(Args(demo, video=False))
    assert [note.split()[0] for note in result["notes"][:2]] == ["eval.json", "verify.json"]
    assert "not an MCAP log" in result["notes"][2]
    assert result["train"]["wall_s"] == 12.5


def test_truncated_log_is_shown_up_to_its_end(tmp_path, flight_log):
    (tmp_path / "flight.mcap").write_bytes(flight_log.read_bytes()[:-40])  # the footer is gone, every chunk is there
    result = run(Args(tmp_path, video=False))
    assert any("flight.mcap ends without its index" in note for note in result["notes"])
    assert 'data-seek="' in page_of(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5])
def test_log_cut_anywhere_still_gives_a_page_and_a_note(tmp_path, flight_log, write_json, share):
    write_json(tmp_path / "train.json", {"train.wall_s": 12.5})
    (tmp_path / "flight.mcap").write_bytes(flight_log.read_bytes()[: int(share * flight_log.stat().st_size)])
    result = run(Args(tmp_path, video=False))
    assert any("flight.mcap" in note for note in result["notes"])
    assert result["train"]["wall_s"] == 12.5
    assert '<section id="robustness">' in page_of(tmp_path)


def test_names_cannot_smuggle_markup(tmp_path, write_flight, write_json):
    evil = '<script>alert("1")</script>'
    folder = tmp_path / "demo"
    write_json(folder / "eval.json", {"eval.success_rate": 1.0, "eval.parameter_set": evil, "commit": evil})
    write_json(folder / "train.json", {"train.note": evil, evil: evil})
    write_flight(folder / "flight.mcap", seconds=4.0, phase=evil)
    run(Args(folder, video=False))
    page = page_of(folder)
    assert "alert(" in page
    assert evil not in page
    assert len(re.findall(r"<script", page)) == 1  # the page's own


def text_of(page):
    """What a reader sees, without the plots."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", re.sub(r"<(svg|style|script).*?</\1>", "", page, flags=re.S)))


def test_single_log_makes_a_page_beside_it_that_says_how_it_ended_and_how_well_it_flew(tmp_path, flight_log):
    log = shutil.copy(flight_log, tmp_path / "flight.mcap")
    assert main(["report", str(log), "--no-video"]) == 0
    page = (tmp_path / "flight.html").read_text()
    assert '<section id="flight">' in page
    assert '<section id="training">' not in page
    assert not (tmp_path / "summary.json").exists()
    text = text_of(page)
    assert "robot crazyflie · over udp://127.0.0.1:19850" in text
    assert "outcome no fault" in text
    assert re.search(r"error at the set-points, rms \d+\.\d cm", text)
    assert "The supervisor saw no fault." in text


def test_single_log_names_its_faults_and_draws_no_state_that_nobody_sent(tmp_path, write_flight):
    log = write_flight(tmp_path / "lost.mcap", fault=3.0, silent=True)
    run(Args(log, video=False))
    text = text_of((tmp_path / "lost.html").read_text())
    assert "outcome link lost safe action: level and descend" in text
    assert "link lost level and descend 3.0 s 101 ms 102 ms" in text
    assert "counted until the first fault" in text
    record = load_record(log)
    assert np.isfinite(record.position_w[record.time_s < 3.2]).all()
    assert np.isnan(record.position_w[record.time_s > 3.3]).all()
    assert np.isnan(record.motors[record.time_s > 3.3]).all()
    assert record.undisturbed_age_s.max() < 0.01


def test_page_of_a_log_whose_robot_was_never_heard(tmp_path, write_flight):
    log = write_flight(tmp_path / "deaf.mcap", fault=0.0, silent=True, seconds=4.0)
    run(Args(log, video=False))
    assert "outcome link lost" in text_of((tmp_path / "deaf.html").read_text())


def test_a_folder_of_logs_says_which_to_give(tmp_path, flight_log):
    for number in range(4):
        shutil.copy(flight_log, tmp_path / f"robot-{number}.mcap")
    with pytest.raises(ConfigError, match=r"robot-0\.mcap, robot-1\.mcap, robot-2\.mcap, …"):
        run(Args(tmp_path))


@pytest.mark.parametrize("options", [["--width", "10"], ["--speed", "0"]])
def test_option_out_of_range_is_refused(tmp_path, options, capsys):
    assert main(["report", str(tmp_path), *options]) == ConfigError.exit_code
    assert "choose" in capsys.readouterr().err


def test_path_without_a_run_is_refused_in_one_line(tmp_path, capsys):
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    for path in (tmp_path / "nowhere", tmp_path, text):
        assert main(["report", str(path), "--no-video"]) == ConfigError.exit_code
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert error.count("\n") == 1
