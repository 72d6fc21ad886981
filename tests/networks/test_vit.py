"""The Vision Transformer's own claims, from Dosovitskiy et al. 2021."""

from math import sqrt

import pytest
import torch
from scipy.ndimage import zoom
from torch import nn

from eyespot.networks import architectures, build, find
from eyespot.networks.counting import count
from eyespot.networks.transformer import EncoderLayer, SelfAttention
from eyespot.networks.vit import VisionTransformer, interpolated
from eyespot.weights.published import PUBLISHED

NAMES = [name for name, row in architectures().items() if row.family == "vit"]


def on_meta(name):
    with torch.device("meta"):
        return build(name).eval()


def small(*, image_size=64):
    """Two layers of two heads, all weights random, in float64."""
    network = VisionTransformer(
        2, 8, heads=2, dropout=0.1, image_size=image_size, num_classes=3
    ).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / 2)
    return network.eval()


def picture(height=64, width=64):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(1, 3, height, width, generator=generator, dtype=torch.float64)


def test_attention_is_the_arithmetic_of_appendix_a():
    attention = small().encoder.layers[0].self_attention
    tokens = torch.randn(1, 5, 8, dtype=torch.float64)
    weight, bias = attention.in_proj_weight, attention.in_proj_bias
    heads = []
    for start in (0, 4):  # two heads of 4 numbers each
        queries, keys, values = (
            tokens[0] @ weight[at : at + 4].T + bias[at : at + 4]
            for at in (start, 8 + start, 16 + start)
        )
        scores = (queries @ keys.T / sqrt(4)).exp()
        heads.append(scores / scores.sum(1, keepdim=True) @ values)
    joined = torch.cat(heads, dim=1) @ attention.out_proj.weight.T + attention.out_proj.bias
    torch.testing.assert_close(attention(tokens)[0], joined)


def test_a_layer_norms_before_its_blocks_and_adds_behind_them():
    layer = small().encoder.layers[0]
    tokens = 3 + 2 * torch.randn(1, 5, 8, dtype=torch.float64)

    def normed(values, norm):
        centred = values - values.mean(2, keepdim=True)
        variance = centred.square().mean(2, keepdim=True)
        return centred / (variance + 1e-6).sqrt() * norm.weight + norm.bias

    middle = tokens + layer.self_attention(normed(tokens, layer.ln_1))
    hidden = normed(middle, layer.ln_2) @ layer.mlp[0].weight.T + layer.mlp[0].bias
    hidden = hidden * (1 + torch.erf(hidden / sqrt(2))) / 2  # GELU is x times the normal's share
    known = middle + hidden @ layer.mlp[3].weight.T + layer.mlp[3].bias
    torch.testing.assert_close(layer(tokens), known)


@pytest.mark.parametrize("name", NAMES)
def test_a_head_has_64_numbers_and_the_perceptron_four_times_the_width(name):
    layers = [m for m in on_meta(name).modules() if isinstance(m, EncoderLayer)]
    width = find(name).stages[-1].channels
    assert {width // layer.self_attention.heads for layer in layers} == {64}
    assert {layer.mlp[0].out_features for layer in layers} == {4 * width}


@pytest.mark.parametrize("size", [64, 224, 384])
@pytest.mark.parametrize(
    ("name", "depth", "width"), [("vit_ti_16", 12, 192), ("vit_l_16", 24, 1024)]
)
def test_attention_costs_the_square_of_the_sequence(name, depth, width, size):
    tokens = (size // 16) ** 2 + 1
    counts = count(on_meta(name), size)
    assert counts.multiply_adds_attention == 2 * depth * tokens**2 * width


def test_positions_alone_say_where_a_patch_stood():
    network, image = small(), picture()
    upside_down = image.unflatten(2, (4, 16)).flip(2).flatten(2, 3)  # rows of patches
    with torch.no_grad():
        assert not torch.allclose(network(image), network(upside_down))
        network.encoder.pos_embedding[:, 1:] = 1
        torch.testing.assert_close(network(image), network(upside_down))
        features, moved = network.forward_features(image), network.forward_features(upside_down)
    torch.testing.assert_close(features.flip(2), moved)


def test_features_stand_where_their_patches_stood():
    network, image = small(), picture(48, 64)
    network.encoder.layers = nn.Sequential()  # so that no token sees another
    other = image.clone()
    other[:, :, 16:32, 48:64] += 1
    with torch.no_grad():
        changed = network.forward_features(image) != network.forward_features(other)
    assert changed.shape == (1, 8, 3, 4)
    assert changed.any(1).nonzero().tolist() == [[0, 1, 3]]


def test_the_head_sees_the_class_token_alone():
    network, image = small(), picture()
    network.encoder.layers = nn.Sequential()
    with torch.no_grad():
        assert torch.equal(network(image), network(image + 1))
        network.class_token += 1 + torch.arange(8)
        assert not torch.equal(network(image), small()(image))


@pytest.mark.parametrize("name", NAMES)
def test_positions_are_taken_as_they_are_at_the_trained_size(name):
    positions = on_meta(name).encoder.pos_embedding
    side = find(name).image_size // 16
    assert interpolated(positions, side, side) is positions
    assert interpolated(positions, 5, 9).shape == (1, 46, positions.shape[2])


@pytest.mark.parametrize("grid", [(24, 24), (32, 32), (7, 7), (13, 15), (1, 14), (20, 1)])
def test_positions_are_interpolated_as_the_released_code_does(grid):
    positions = torch.randn(1, 197, 3, dtype=torch.float64)
    factors = (grid[0] / 14, grid[1] / 14, 1)
    known = zoom(positions[0, 1:].reshape(14, 14, 3).numpy(), factors, order=1)
    given = interpolated(positions, *grid)
    assert torch.equal(given[:, 0], positions[:, 0])  # the class token's own
    torch.testing.assert_close(given[0, 1:].reshape(*grid, 3), torch.from_numpy(known))


def test_weights_start_as_the_released_codes():
    network = build("vit_ti_16", seed=4)
    bound = sqrt(6 / (192 + 192))
    for module in network.modules():
        if isinstance(module, SelfAttention):
            for weight in (*module.in_proj_weight.chunk(3), module.out_proj.weight):
                assert bound * 0.99 < weight.abs().max().item() <= bound
            assert not module.in_proj_bias.any() and not module.out_proj.bias.any()
        if isinstance(module, EncoderLayer):
            for linear in (module.mlp[0], module.mlp[3]):
                assert linear.weight.abs().max().item() == pytest.approx(
                    sqrt(6 / (192 + 768)), rel=0.01
                )
                assert linear.bias.std().item() == pytest.approx(1e-6, rel=0.3)
    # 192 * 768 numbers: their deviation is off by 5 / sqrt(2 * n) = 1 % at most
    assert network.conv_proj.weight.std().item() == pytest.approx(sqrt(1 / 768), rel=0.01)
    assert network.encoder.pos_embedding.std().item() == pytest.approx(0.02, rel=0.03)
    zero = (network.class_token, network.conv_proj.bias, *network.heads.parameters())
    assert not any(parameter.any() for parameter in zero)


def test_old_files_of_torchvision_call_the_perceptrons_layers_otherwise():
    row = PUBLISHED["torchvision/vit_b_16"]
    layer = "encoder.layers.encoder_layer_11.mlp"
    old = [f"{layer}.linear_1.weight", f"{layer}.linear_2.bias"]
    new = [f"{layer}.0.weight", f"{layer}.3.bias"]
    assert list(row.ours(dict.fromkeys(old))) == list(row.ours(dict.fromkeys(new))) == new
