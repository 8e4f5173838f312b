"""Moments of force fields are what NumPy adds up."""

import numpy as np
import torch

from policies.networks.field_moments import SCALES_N, FieldMoments

SHAPE = (2, 3, 4, 3)


def test_moments_are_sums_over_both_pads_and_differences_between_them():
    field = np.random.default_rng(0).normal(scale=0.05, size=(5, *SHAPE)).astype(np.float32)
    row, column = np.linspace(-1.0, 1.0, 3)[:, None], np.linspace(-1.0, 1.0, 4)[None]
    weights = [np.ones((3, 4)), row + 0.0 * column, column + 0.0 * row, row * column]
    each = np.stack([(field * weight[..., None]).sum(axis=(2, 3)) for weight in weights], axis=2)  # (5, pads, 4, 3)
    moments = np.concatenate([(each[:, 0] + each[:, 1]).reshape(5, -1), (each[:, 0] - each[:, 1]).reshape(5, -1)], 1)
    expected = np.concatenate([np.tanh(moments / scale) for scale in SCALES_N], axis=1)
    found = FieldMoments(SHAPE)(torch.from_numpy(field))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)
    assert found.shape[1] == FieldMoments.output_size(SHAPE)


def test_one_pad_is_summed_up_alone():
    field = torch.rand(4, 1, 3, 4, 3)
    torch.testing.assert_close(
        FieldMoments((1, 3, 4, 3))(field)[:, :3], torch.tanh(field.sum(dim=(1, 2, 3)) / SCALES_N[0])
    )


def test_time_and_batch_may_both_lead():
    field = torch.rand(2, 5, *SHAPE)
    torch.testing.assert_close(FieldMoments(SHAPE)(field)[1], FieldMoments(SHAPE)(field[1]))


def test_stored_rollouts_of_half_precision_are_summed_in_single_precision():
    field = 0.1 * torch.rand(5, *SHAPE)
    torch.testing.assert_close(FieldMoments(SHAPE)(field.half()), FieldMoments(SHAPE)(field), atol=1e-2, rtol=0.0)
