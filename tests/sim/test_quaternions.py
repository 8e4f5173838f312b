"""Quaternions against matrices and against each other."""

from __future__ import annotations

import numpy as np
import pytest

from sim.flight.rotation import rotation_matrix
from sim.quaternions import conjugate, difference, from_rotation_vector, multiply, rotate, to_rotation_vector


@pytest.fixture
def turns():
    q = np.random.default_rng(0).normal(size=(2, 50, 4))
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


def test_products_and_turns_are_those_of_matrices(turns):
    a, b = turns
    np.testing.assert_allclose(rotation_matrix(multiply(a, b)), rotation_matrix(a) @ rotation_matrix(b), atol=1e-12)
    v = np.random.default_rng(1).normal(size=(50, 3))
    np.testing.assert_allclose(rotate(a, v), np.einsum("nij,nj->ni", rotation_matrix(a), v), atol=1e-12)
    np.testing.assert_allclose(rotation_matrix(conjugate(a)), rotation_matrix(a).swapaxes(1, 2), atol=1e-12)


def test_rotation_vectors_go_there_and_back():
    v = np.random.default_rng(2).normal(size=(50, 3))
    v *= np.linspace(0.0, 3.1, 50)[:, None] / np.linalg.norm(v, axis=1, keepdims=True)
    np.testing.assert_allclose(to_rotation_vector(from_rotation_vector(v)), v, atol=1e-9)
    np.testing.assert_allclose(to_rotation_vector(-from_rotation_vector(v)), v, atol=1e-9)  # the same turn
    np.testing.assert_array_equal(from_rotation_vector(np.zeros(3)), [1.0, 0.0, 0.0, 0.0])


def test_the_difference_turns_one_into_the_other(turns):
    now, goal = turns
    back = multiply(from_rotation_vector(difference(goal, now)), now)
    np.testing.assert_allclose(np.abs((back * goal).sum(axis=1)), 1.0, atol=1e-12)
