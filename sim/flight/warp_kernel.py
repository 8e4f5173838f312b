"""The flight kernel's step in Warp, for NVIDIA GPUs: the same as kernel.py, to float32's rounding.

Called through warp_flight.py. Every array is transposed, one environment per column, so that neighbouring
threads read neighbouring numbers; a thread keeps its state and coefficients in registers while it flies.

Warp reads the bodies of these functions at import, hence no ``from __future__ import annotations`` here.
"""
# pyright: reportMissingImports=false, reportInvalidTypeForm=false, reportOperatorIssue=false, reportIndexIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false, reportReturnType=false, reportGeneralTypeIssues=false

from functools import cache
from typing import Any

from sim.errors import ConfigError
from sim.flight import layout
from sim.flight.air import LOWEST_OVER_RADIUS

try:
    import warp as wp
except ModuleNotFoundError:
    raise ConfigError("the flight kernel on a GPU needs Warp: pip install 'sim2metal[gpu]'") from None

wp.config.log_level = wp.LOG_ERROR
"""Quiet about devices and compilation: a caller that wants to know sets it back."""

Rows = wp.array2d(dtype=wp.float32)
"""``(numbers per environment, num_envs)``"""
FIRST_ROTOR, ROTOR_STRIDE = wp.constant(layout.FIRST_ROTOR), wp.constant(layout.ROTOR_STRIDE)
LOWEST = wp.constant(4.0 * LOWEST_OVER_RADIUS)
"""In quarters of the rotors' radius."""


@wp.func
def to_world(q: wp.vec4f, b: wp.vec3f) -> wp.vec3f:
    """Rotate b from the body to the world; q is wxyz, the rotation homogeneous as in rigid_body.py."""
    v = wp.vec3f(q[1], q[2], q[3])
    return (q[0] * q[0] - wp.dot(v, v)) * b + 2.0 * wp.dot(v, b) * v + 2.0 * q[0] * wp.cross(v, b)


@wp.func
def to_body(q: wp.vec4f, e: wp.vec3f) -> wp.vec3f:
    """Rotate e from the world to the body."""
    return to_world(wp.vec4f(q[0], -q[1], -q[2], -q[3]), e)


@wp.func
def quaternion_rate(q: wp.vec4f, w: wp.vec3f) -> wp.vec4f:
    """Time derivative q (0, w)/2."""
    v = wp.vec3f(q[1], q[2], q[3])
    u = q[0] * w + wp.cross(v, w)
    return 0.5 * wp.vec4f(-wp.dot(v, w), u[0], u[1], u[2])


@wp.func
def angular_acceleration(w: wp.vec3f, a: wp.vec3f, g: wp.vec3f) -> wp.vec3f:
    """Euler's equation, body frame."""
    return a + wp.vec3f(g[0] * w[1] * w[2], g[1] * w[2] * w[0], g[2] * w[0] * w[1])


@wp.func
def reachable_speed(command: float, voltage: float, dead_zone: float) -> float:
    """Speed fraction that a command leads to."""
    return wp.where(command < dead_zone, 0.0, voltage * command)


@wp.func_grad(reachable_speed)
def reachable_speed_adjoint(command: float, voltage: float, dead_zone: float, grad: float) -> None:
    """As in adjoint.py: the dead zone passes the command's gradient, so that a rotor at rest can learn to turn."""
    wp.adjoint[command] += voltage * grad
    if not command < dead_zone:
        wp.adjoint[voltage] += command * grad


@wp.func
def ground_effect(height: float, quarter_radius: float) -> float:
    """Thrust over that far from the ground (air.py)."""
    lowest = LOWEST * quarter_radius
    ratio = quarter_radius / wp.where(height < lowest, lowest, height)
    return wp.where(height < 0.0, 1.0, 1.0 / (1.0 - ratio * ratio))


@cache
def kernels(num_rotors: int) -> tuple[Any, Any]:
    """Return the kernels ``step_once`` and ``fly`` for a number of rotors, which the compiler unrolls."""
    options = {"max_unroll": 128}  # a loop left standing would index its vector in memory, not in registers
    state_size, packed_size = layout.state_size(num_rotors), layout.packed_size(num_rotors)
    State = wp.types.vector(length=state_size, dtype=wp.float32)
    Command = wp.types.vector(length=num_rotors, dtype=wp.float32)
    Coefficients = wp.types.vector(length=packed_size, dtype=wp.float32)

    @wp.func
    def advance(s: State, command: Command, k: Coefficients, wind: wp.vec3f) -> State:
        """One step of one environment, in the order of kernel.step_batch."""
        out = State()
        total, squares = float(0.0), float(0.0)  # noqa: UP018 (in Warp a literal is a constant)
        for i in range(num_rotors):
            u = s[13 + i]
            total += u
            squares += u * u
        voltage = k[20] - k[21] * squares
        push, turn = wp.vec3f(), wp.vec3f()
        for i in range(num_rotors):
            u = s[13 + i]
            c = reachable_speed(command[i], voltage, k[19])
            rises = c > u
            mean, mean_square = wp.where(rises, k[2], k[5]), wp.where(rises, k[3], k[6])
            way = c - u
            force = k[7] + k[8] * (u + mean * way) + k[9] * (u * (u + 2.0 * mean * way) + mean_square * way * way)
            r = FIRST_ROTOR + ROTOR_STRIDE * i
            push += force * wp.vec3f(k[r], k[r + 1], k[r + 2])
            turn += force * wp.vec3f(k[r + 3], k[r + 4], k[r + 5])
            out[13 + i] = u + wp.where(rises, k[1], k[4]) * way

        p, v = wp.vec3f(s[0], s[1], s[2]), wp.vec3f(s[7], s[8], s[9])
        q, w = wp.vec4f(s[3], s[4], s[5], s[6]), wp.vec3f(s[10], s[11], s[12])
        ground = ground_effect(s[2] - k[22], k[23])
        b = ground * push
        d = -total * wp.cw_mul(wp.vec3f(k[24], k[25], k[26]), to_body(q, v - wind))
        drag_turn = wp.vec3f(k[27] * d[2] - k[28] * d[1], k[29] * d[0] - k[30] * d[2], k[31] * d[1] - k[32] * d[0])
        a = wp.vec3f(k[13], k[14], k[15]) + ground * turn + drag_turn
        f = wp.vec3f(k[10], k[11], k[12]) + to_world(q, d)
        g = wp.vec3f(k[16], k[17], k[18])
        h = k[0]

        k1 = angular_acceleration(w, a, g)
        w2 = w + 0.5 * h * k1
        k2 = angular_acceleration(w2, a, g)
        w3 = w + 0.5 * h * k2
        k3 = angular_acceleration(w3, a, g)
        w4 = w + h * k3
        k4 = angular_acceleration(w4, a, g)
        d1 = quaternion_rate(q, w)
        q2 = q + 0.5 * h * d1
        d2 = quaternion_rate(q2, w2)
        q3 = q + 0.5 * h * d2
        d3 = quaternion_rate(q3, w3)
        q4 = q + h * d3
        d4 = quaternion_rate(q4, w4)

        z1, z4 = to_world(q, b), to_world(q4, b)
        middle = to_world(q2, b) + to_world(q3, b)
        pn = p + h * (v + h * (0.5 * f + (z1 + middle) / 6.0))
        vn = v + h * (f + (z1 + z4 + 2.0 * middle) / 6.0)
        qn = q + (h / 6.0) * (d1 + d4 + 2.0 * (d2 + d3))
        qn = qn / wp.sqrt(wp.dot(qn, qn))
        wn = w + (h / 6.0) * (k1 + k4 + 2.0 * (k2 + k3))
        for i in range(3):
            out[i] = pn[i]
            out[7 + i] = vn[i]
            out[10 + i] = wn[i]
        for i in range(4):
            out[3 + i] = qn[i]
        return out

    @wp.func
    def column_of_state(array: Rows, n: int) -> State:
        column = State()
        for i in range(state_size):
            column[i] = array[i, n]
        return column

    @wp.func
    def column_of_command(array: Rows, n: int) -> Command:
        column = Command()
        for i in range(num_rotors):
            column[i] = array[i, n]
        return column

    @wp.func
    def column_of_coefficients(array: Rows, n: int) -> Coefficients:
        column = Coefficients()
        for i in range(packed_size):
            column[i] = array[i, n]
        return column

    @wp.kernel(module="unique", module_options=options)
    def step_once(
        state: Rows,
        command: Rows,
        packed: Rows,
        wind: Rows,
        out: Rows,
    ) -> None:
        n = wp.tid()
        air = wp.vec3f(wind[0, n], wind[1, n], wind[2, n])
        s = advance(column_of_state(state, n), column_of_command(command, n), column_of_coefficients(packed, n), air)
        for i in range(state_size):
            out[i, n] = s[i]

    @wp.kernel(module="unique", module_options=options, enable_backward=False)
    def fly(
        state: Rows,
        command: Rows,
        packed: Rows,
        wind: Rows,
        steps: int,
    ) -> None:
        n = wp.tid()
        air = wp.vec3f(wind[0, n], wind[1, n], wind[2, n])
        c, k = column_of_command(command, n), column_of_coefficients(packed, n)
        s = column_of_state(state, n)
        for _ in range(steps):
            s = advance(s, c, k, air)
        for i in range(state_size):
            state[i, n] = s[i]

    return step_once, fly
