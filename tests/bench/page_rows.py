"""The single figures of ``docs/figures.md``: what each is, how it is written, what it must reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Figures = dict[str, Any]
"""Dotted name -> what was measured."""


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        text: what the figure is.
        key: its dotted name in the file of figures.
        form: how it is written (``str.format``).
        goal: what it must reach, in words.
        scale: factor to the unit shown.
    """

    text: str
    key: str
    form: str
    goal: str = ""
    scale: float = 1.0

    def render(self, figures: Figures) -> str:
        """Return the line in Markdown; a long suite may lack parts, and what could not be measured here is null."""
        if self.key not in figures:
            return f"| {self.text} | not measured | {self.goal} | `{self.key}` |"
        value = figures[self.key]
        if value is None:
            return f"| {self.text} | - | {self.goal} | `{self.key}` |"
        shown = self.form.format(value if self.scale == 1.0 else value * self.scale)
        return f"| {self.text} | {shown} | {self.goal} | `{self.key}` |"


FIRST_FLIGHT = (
    Row("flight kernel, steps per CPU-second", "kernel.steps_per_cpu_s", "{:.1f} M", "at least 10 M", 1e-6),
    Row("the same with its gradient", "kernel.adjoint_steps_per_cpu_s", "{:.1f} M", "at least 3 M", 1e-6),
    Row("compiling the kernel, once after a change", "kernel.compile_s", "{:.1f} s"),
    Row("loading it from the cache", "kernel.load_from_cache_s", "{:.2f} s"),
    Row("146-64-64-4 tanh network as C, instructions per step", "mlp64.instructions", "{:,}", "at most 45,000"),
    Row("its flash, weights included", "mlp64.flash_bytes", "{:,} B", "at most 60 kB"),
    Row("its RAM, static", "mlp64.ram_bytes", "{:,} B", "at most 4 kB, no heap"),
    Row("its stack", "mlp64.stack_bytes", "{:,} B"),
    Row("the trained policy, instructions per step", "demo.stm32f405.instructions_per_step", "{:,}"),
    Row("its flash, weights included", "demo.stm32f405.flash_bytes", "{:,} B"),
    Row("its RAM, static", "demo.stm32f405.ram_bytes", "{:,} B"),
    Row("parity with torch: onnxruntime", "demo.parity.onnx", "{:.1e}", "at most 1e-5"),
    Row("parity with torch: C on the host", "demo.parity.c_host", "{:.1e}", "at most 1e-5"),
    Row("parity with torch: C on the STM32F405", "demo.parity.c_stm32f405", "{:.1e}", "at most 1e-5"),
    Row("flight: error at the set-points, rms", "demo.flight.rms_error_m", "{:.1f} cm", "", 100.0),
    Row("flight: loop period, 99th percentile", "demo.flight.loop_p99_ms", "{:.2f} ms", "10 ms"),
    Row("flight: sensor to command, 99th percentile", "demo.flight.latency_p99_ms", "{:.1f} ms"),
    Row("link lost to safe action", "demo.faults.link_loss_to_safe_ms", "{:.0f} ms", "at most 200 ms"),
    Row("`make demo` after set-up", "demo.wall_s", "{:.0f} s", "at most 180 s"),
)

ROBOT_SIDE = (
    Row("policy_node at 500 Hz: period jitter, 99th percentile", "policy_node.jitter_p99_ms", "{:.2f} ms", "1 ms"),
    Row("sensor message to command message, median", "policy_node.latency_median_ms", "{:.2f} ms", "1 ms"),
    Row("the same, 99th percentile", "policy_node.latency_p99_ms", "{:.2f} ms"),
    Row("steps that came too late", "policy_node.overruns", "{:.0f}"),
    Row("commands in all", "policy_node.commands", "{:,.0f}"),
    Row("400-512-256-128 policy at 50 Hz, 10 min: overruns", "policy_node.large_50hz.overruns", "{:.0f}", "0"),
    Row("its period jitter, 99th percentile", "policy_node.large_50hz.jitter_p99_ms", "{:.2f} ms"),
    Row("policy on the host over 10 ms and 5 % loss: hover held", "radio.hover_s", "{:.0f} s", "60 s"),
    Row("its error, rms", "radio.rms_error_m", "{:.1f} cm", "", 100.0),
    Row("Crazyflies flown at once from one process", "swarm.robots", "{}", "10"),
    Row("of these completed", "swarm.completed", "{}", "10"),
    Row("rate of the slowest", "swarm.rate_hz_min", "{:.1f} Hz", "100 Hz"),
    Row("largest error of any, rms", "swarm.rms_error_m_max", "{:.1f} cm", "", 100.0),
    Row("completed where all share one radio", "swarm.shared_radio.completed", "{}"),
    Row("mutated serial frames, into both ends", "fuzz.frames", "{:,}", "10,000,000"),
    Row("mutated CRTP packets, into both ends", "fuzz.packets", "{:,}", "1,000,000"),
    Row("crashes, hangs, commands wrongly taken", "fuzz.failures", "{}", "0"),
    Row("fault scenarios", "faults.scenarios", "{:,}", "1,000"),
    Row("of these ended in the safe action in time", "faults.safe", "{:,}", "1,000"),
    Row("longest time from a fault to its safe action", "faults.worst_ms", "{:.0f} ms", "200 ms"),
)

FIRMWARE = (
    Row("146-64-64-4 tanh, float: instructions per step", "mlp64.float.instructions", "{:,}", "at most 30,000"),
    Row("estimated Cortex-M4 cycles", "mlp64.float.cycles_estimated", "{:,}", "at most 55,000"),
    Row("the same with the waits for flash", "mlp64.float.cycles_from_flash", "{:,}", "at most 55,000: missed"),
    Row("its text, weights among it", "mlp64.float.text_bytes", "{:,} B", "at most 60 kB"),
    Row("its RAM", "mlp64.float.ram_bytes", "{:,} B", "at most 1.5 kB"),
    Row("its largest error", "mlp64.float.max_abs_err", "{:.1e}", "at most 2e-6"),
    Row("int8: instructions per step", "mlp64.int8.instructions", "{:,}", "at most 25,000"),
    Row("its text", "mlp64.int8.text_bytes", "{:,} B", "at most 18 kB"),
    Row("its loss of hover success", "mlp64.int8.success_loss", "{:.2%}", "at most 0.5%"),
    Row("emlearn: instructions for the float network", "emlearn.mlp64.instructions", "{:,}"),
    Row("plain loops: the same", "plain_loops.mlp64.instructions", "{:,}"),
    Row("random graphs, C against onnxruntime", "random_graphs.count", "{:,}", "10,000"),
    Row("of these wrong", "random_graphs.failures", "{:,}", "0"),
    Row("broken or unsupported files", "broken_files.count", "{:,}", "1,000"),
    Row("of these refused unclearly", "broken_files.unclear", "{:,}", "0"),
    Row("zoo policies as C on the host and the STM32F405: largest error", "zoo.worst", "{:.1e}", "at most 1e-5"),
    Row("closed-loop hover episodes on the emulated STM32F405", "hil.episodes", "{:,}", "100"),
    Row("largest difference from onnxruntime at any step", "hil.max_abs_err", "{:.1e}"),
)

FLIGHT = (
    Row("hover, motor level: training of the slowest seed", "hover.train_cpu_s", "{:.1f} CPU-s", "at most 15 CPU-s"),
    Row("success of the worst of five seeds", "hover.success_rate_min", "{:.2%}", "at least 99.5%"),
    Row("median steady error, calm", "hover.steady_error_m", "{:.1f} cm", "at most 1.5 cm", 100.0),
    Row("the same, disturbed", "hover.steady_error_disturbed_m", "{:.1f} cm", "at most 3 cm", 100.0),
    Row("change of commands per step, rms over the episode", "hover.command_change_rms", "{:.3f}", "at most 0.03"),
    Row("the same in the last second", "hover.steady_command_change_rms", "{:.3f}"),
    Row("recovery from a throw", "recovery.success_rate", "{:.2%}", "at least 99%"),
    Row("the worst of five seeds", "recovery.success_rate_min", "{:.2%}"),
    Row("upright and slow for good after (median)", "recovery.recovered_s", "{:.2f} s", "2 s"),
    Row("height lost (median)", "recovery.height_lost_m", "{:.2f} m"),
    Row("figure-eight of 10 s by radio, 15 ms and 3 % loss", "radio.figure8_rmse_m", "{:.1f} cm", "10 cm", 100.0),
    Row("one policy for all airframes: survive", "any.success_rate", "{:.2%}", "at least 99%"),
    Row("its median steady error", "any.steady_error_m", "{:.1f} cm", "at most 5 cm", 100.0),
    Row("its figure-eight at 5.5 s, median", "any.figure8_rmse_m", "{:.1f} cm", "at most 15 cm", 100.0),
    Row("its training", "any.train_s", "{:.0f} s", "at most 600 s"),
    Row("flight kernel, every term on, steps per CPU-second", "kernel.steps_per_cpu_s", "{:.1f} M", "15 M", 1e-6),
    Row("rigid body, rotor lag and thrust curve alone", "kernel.plain_steps_per_cpu_s", "{:.1f} M", "", 1e-6),
    Row("every term, with its gradient", "kernel.adjoint_steps_per_cpu_s", "{:.1f} M", "", 1e-6),
    Row("the published simulator (`l2f`), same process", "kernel.l2f_steps_per_cpu_s", "{:.1f} M", "", 1e-6),
    Row("ratio of the two", "kernel.ratio_to_l2f", "{:.1f}"),
    Row("the same half second of flight in both: apart by", "kernel.l2f_difference_m", "{:.2f} mm", "", 1e3),
    Row("Warp on the CPU, steps per CPU-second", "kernel.warp_cpu_steps_per_s", "{:.1f} M", "", 1e-6),
    Row("Warp on a GPU, steps per second", "kernel.gpu_steps_per_s", "{:.2e}", "2e10 on an H200"),
)

TOUCH = (
    Row("force field 20 x 25, shear and memory, 1024 pads: pad-frames per CPU-second", "field.pad_frames_per_cpu_s",
        "{:,.0f}", "at least 250,000"),
    Row("physics with two force fields over physics alone, peg scene", "field.step_ratio", "{:.2f}", "at most 2"),
    Row("tactile picture 320 x 240, end to end: frames per CPU-second", "image.frames_per_cpu_s", "{:,.0f}",
        "at least 500"),
    Row("the same without shadows and markers", "image.plain_frames_per_cpu_s", "{:,.0f}"),
    Row("80 x 60 for policies", "image.policy_frames_per_cpu_s", "{:,.0f}"),
    Row("presses, slides and twists against MuJoCo", "wrench.presses", "{:,}", "1,000"),
    Row("error of the force, median", "wrench.force_error", "{:.1%}", "at most 5%"),
    Row("its 95th percentile", "wrench.force_error_p95", "{:.1%}"),
    Row("error of the centre of pressure, median", "wrench.centre_mm", "{:.3f} mm", "at most 0.3 mm"),
    Row("its 95th percentile", "wrench.centre_mm_p95", "{:.2f} mm"),
    Row("error of the twist's torque, median", "wrench.torque_error", "{:.1%}", "at most 10%"),
    Row("its 95th percentile", "wrench.torque_error_p95", "{:.1%}"),
    Row("weight of 50 to 500 g shown as shear: largest error", "grasp.weight_error", "{:.1e}", "at most 5%"),
    Row("slip is seen before the object has moved", "slip.moved_mm", "{:.1e} mm", "1 mm"),
    Row("samples that falsely say slip at 1.25 times the least grip", "slip.false_alarms", "{:.2%}"),
    Row("contact task, steps per CPU-second, on state", "contact.steps_per_cpu_s_state", "{:,.0f}"),
    Row("on the force field", "contact.steps_per_cpu_s_field", "{:,.0f}"),
    Row("peg placement by the script", "contact.oracle_peg_placement", "{:.1%}"),
    Row("peg insertion by the script", "contact.oracle_peg_insertion", "{:.1%}"),
    Row("peg insertion by the search by touch", "contact.search_peg_insertion", "{:.1%}"),
    Row("pegs under 8 mm alone", "contact.search_thin_pegs", "{:.1%}"),
    Row("bolt on nut by the script", "contact.oracle_bolt_on_nut", "{:.1%}"),
    Row("grasp stability by the script", "contact.oracle_grasp_stability", "{:.1%}"),
)  # fmt: skip

CALIBRATION = (
    Row("Crazyflies, 90 % intervals that hold the truth, of all parameters", "crazyflie.coverage", "{:.1%}",
        "87 to 93%"),
    Row("of the parameter with the fewest", "crazyflie.coverage_lowest", "{:.0%}", "at least 80%"),
    Row("error of position predicted 0.5 s ahead, the nominal model's over the identified one's",
        "crazyflie.holdout_ratio", "{:.0f}", "at least 5"),
    Row("CPU-seconds of an identification, the longest", "crazyflie.cpu_s_largest", "{:.1f}", "at most 30"),
    Row("intervals that hold the truth over a floor that the model lacks", "crazyflie.near_floor.coverage", "{:.1%}"),
    Row("quadrupeds' joints, 90 % intervals that hold the truth", "quadruped.coverage", "{:.1%}"),
    Row("error of joints predicted 0.5 s ahead, the nominal model's over the identified one's",
        "quadruped.holdout_ratio", "{:.0f}"),
    Row("CPU-seconds of an identification, the longest", "quadruped.cpu_s", "{:.0f}", "at most 120"),
    Row("of one by CMA-ES", "quadruped.cmaes_cpu_s", "{:.0f}"),
    Row("intervals that hold the truth with a term too many (Stribeck)", "quadruped.stribeck_coverage", "{:.0%}"),
    Row("joints whose report names it", "quadruped.stribeck_named", "{}"),
    Row("hidden robots at the edge, identified and fine-tuned for: share of the zoo policy's error that is gone, worst",
        "loop.improvement", "{:.1%}", "at least 40%"),
    Row("flights lost", "loop.crashes", "{:d}", "0"),
    Row("of", "loop.flights", "{:d}"),
    Row("flights that the zoo's policy loses", "loop.crashes_before", "{:d}"),
    Row("position error on a figure-eight of 5.5 s, median, m", "loop.rmse_m", "{:.4f}"),
    Row("of the worst robot, m", "loop.rmse_m_worst", "{:.4f}"),
    Row("CPU-seconds of identification and fine-tuning, the longest", "loop.cpu_s", "{:.0f}",
        "at most 180 s on two cores"),
    Row("learnt while flying (`run --adapt`): share of a hidden robot's error on a figure-eight gone, worst seed",
        "streaming.improvement", "{:.0%}"),
    Row("the same at rest", "streaming.rest_improvement", "{:.0%}"),
    Row("minutes of learning", "streaming.minutes", "{:d}"),
    Row("change of the nominal robot's error, worst seed and flight", "streaming.nominal_change", "{:+.0%}",
        "not above 0"),
    Row("error behind the real protocol, learnt in two flights and frozen, m", "streaming.protocol_error_m", "{:.3f}"),
    Row("without, m", "streaming.protocol_error_without_m", "{:.3f}"),
    Row("times that the supervisor acted", "streaming.interventions", "{:d}", "0"),
    Row("times that the learner went back", "streaming.roll_backs", "{:d}"),
    Row("its cost on a linear-quadratic problem over the optimum's, median", "streaming.lqr_cost_ratio_median",
        "{:.2f}"),
    Row("worst", "streaming.lqr_cost_ratio", "{:.2f}"),
    Row("before it learns", "streaming.lqr_cost_ratio_before", "{:.0f}"),
    Row("a worn quadruped, identified and fine-tuned for: falls in 100 episodes of 20 s", "legs_loop.falls", "{:d}"),
    Row("with the zoo's policy", "legs_loop.falls_before", "{:d}"),
    Row("error of its velocity, m/s", "legs_loop.velocity_error", "{:.3f}"),
    Row("with the zoo's policy", "legs_loop.velocity_error_before", "{:.3f}"),
    Row("CPU-seconds of the fine-tuning", "legs_loop.train_cpu_s", "{:.0f}"),
    Row("wrong logs named", "wrong_logs.named", "{:d}"),
    Row("of", "wrong_logs.count", "{:d}"),
    Row("right logs accused", "wrong_logs.right_accused", "{:d}", "0"),
    Row("of", "wrong_logs.right_count", "{:d}"),
)  # fmt: skip

BODIES = (
    Row("quadruped (go1), environment over bare mujoco.batch, all processors", "overhead.quadruped", "{:.1%}",
        "at least 85%"),
    Row("the same on one thread", "overhead.quadruped_one_thread", "{:.1%}"),
    Row("its control steps per second", "overhead.quadruped_steps_per_s", "{:,.0f}", "about 40,000"),
    Row("those of bare mujoco.batch", "overhead.quadruped_bare_steps_per_s", "{:,.0f}"),
    Row("humanoid (g1), environment over bare mujoco.batch, all processors", "overhead.humanoid", "{:.1%}",
        "at least 85%"),
    Row("the same on one thread", "overhead.humanoid_one_thread", "{:.1%}"),
    Row("its control steps per second", "overhead.humanoid_steps_per_s", "{:,.0f}", "about 15,000"),
    Row("those of bare mujoco.batch", "overhead.humanoid_bare_steps_per_s", "{:,.0f}"),
    Row("quadruped with mujoco_warp on a GPU, control steps per second", "warp.quadruped_steps_per_s", "{:,.0f}"),
    Row("humanoid likewise", "warp.humanoid_steps_per_s", "{:,.0f}"),
    Row("quadruped's zoo bundle, 200 randomised episodes of 20 s: error of the velocity, m/s",
        "quadruped.velocity_error", "{:.3f}", "at most 0.15"),
    Row("error of the yaw rate, rad/s", "quadruped.yaw_rate_error", "{:.3f}"),
    Row("of what is asked it goes ahead", "quadruped.share_ahead", "{:.0%}"),
    Row("aside", "quadruped.share_aside", "{:.0%}"),
    Row("turning", "quadruped.share_turning", "{:.0%}"),
    Row("falls", "quadruped.falls", "{:d}", "0"),
    Row("humanoid's zoo bundle recovers from pushes of 0.5 m/s", "humanoid.push_recovery", "{:.1%}", "at least 95%"),
    Row("humanoid's zoo bundle walks as asked, 200 randomised episodes of 20 s: error of the velocity, m/s",
        "humanoid.walk_velocity_error", "{:.3f}"),
    Row("error of the yaw rate, rad/s", "humanoid.walk_yaw_rate_error", "{:.3f}"),
    Row("of what is asked it goes ahead", "humanoid.walk_share_ahead", "{:.0%}"),
    Row("aside", "humanoid.walk_share_aside", "{:.0%}"),
    Row("turning", "humanoid.walk_share_turning", "{:.0%}"),
    Row("falls", "humanoid.walk_falls", "{:d}"),
    Row("straight on at 0.5 m/s: falls in 200", "humanoid.walk_ahead_falls", "{:d}"),
    Row("error of the velocity, m/s", "humanoid.walk_ahead_error", "{:.3f}"),
    Row("head and hands from three poses, held-out motions, the worst of three characters: mean error, m",
        "sparse.error_m", "{:.3f}", "at most 0.05"),
    Row("95 % within, m", "sparse.error_p95_m", "{:.3f}"),
    Row("frames per CPU-second", "sparse.rate_hz", "{:,.0f}", "at least 60"),
    Row("hand led while walking (go1_arm), a critic for each group of rewards: position error, m",
        "twist.position_error_m", "{:.3f}", "at most 0.03"),
    Row("orientation error, degrees", "twist.orientation_error_deg", "{:.1f}", "at most 5"),
    Row("error of the base's velocity, m/s", "twist.velocity_error_m_s", "{:.3f}"),
    Row("falls in 200 episodes", "twist.falls", "{:d}"),
    Row("CPU-seconds of its training", "twist.train_cpu_s", "{:,d}"),
    Row("the same with one critic: position error, m", "twist.single_critic_position_error_m", "{:.3f}"),
    Row("orientation error, degrees", "twist.single_critic_orientation_error_deg", "{:.1f}"),
    Row("error of the base's velocity, m/s", "twist.single_critic_velocity_error_m_s", "{:.3f}"),
    Row("falls in 200 episodes", "twist.single_critic_falls", "{:d}"),
    Row("CPU-seconds of its training", "twist.single_critic_train_cpu_s", "{:,d}"),
)  # fmt: skip
