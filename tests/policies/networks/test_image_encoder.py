"""The encoder finds where something is and how much of it, and lets no NaN disappear."""

import torch

from policies.networks.image_encoder import Convolutions, ImageEncoder

ONE = Convolutions((1,), (1,), (1,))


def see(image, scale=1.0):
    """An encoder that passes one channel on as it is."""
    encoder = ImageEncoder(tuple(image.shape), scale, ONE)
    with torch.no_grad():
        for convolution in encoder.convolutions:
            convolution.weight.fill_(1.0)
            convolution.bias.zero_()
        return encoder(image[None])[0]


def test_a_bright_spot_is_where_it_is():
    image = torch.zeros(5, 9, 1)
    image[1, 6] = 10.0
    row, column, much = see(image, 0.1)  # (cut at ten times the scale)
    torch.testing.assert_close(row, torch.tensor(-0.5), atol=0.01, rtol=0)
    torch.testing.assert_close(column, torch.tensor(0.5), atol=0.01, rtol=0)
    torch.testing.assert_close(much, torch.tensor(10.0 / 45))


def test_the_amount_tells_a_light_touch_from_a_firm_one():
    spot = torch.zeros(5, 5, 1)
    spot[2, 2] = 1.0
    assert see(2.0 * spot)[2] == 2.0 * see(spot)[2] > 0.0


def test_both_pads_are_seen_by_the_same_weights():
    encoder = ImageEncoder((2, 14, 10, 3), 0.05)
    image = torch.rand(4, 2, 14, 10, 3) * 0.1
    left, right = encoder(image).chunk(2, dim=1)
    assert left.shape == (4, 192)
    torch.testing.assert_close(encoder(image.flip(1)), torch.cat([right, left], dim=1))


def test_shapes_of_policy_pictures_and_fields_have_room_for_all_layers():
    for shape in ((2, 80, 60, 3), (2, 14, 10, 3), (64, 64, 3)):
        encoder = ImageEncoder(shape, 1.0)
        assert encoder(torch.zeros(1, *shape)).shape == (1, ImageEncoder.output_size(shape, Convolutions()))


def test_a_taxel_that_is_not_a_number_does_not_hide():
    image = torch.zeros(1, 2, 14, 10, 3)
    image[0, 1, 3, 3, 0] = torch.nan
    assert ImageEncoder((2, 14, 10, 3), 1.0)(image).isnan().any()
