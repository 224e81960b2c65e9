"""Deformable convolution, attention, upsampling, masks and losses against loops and finite differences."""

from __future__ import annotations

import math
from typing import Any, Tuple

import pytest
from op_helpers import random, seeded, torch  # noqa: F401 (an autouse fixture)

from mmfix.prove.ops import deform, losses, masks, upsample
from mmfix.prove.ops.taps import gradients

F = torch.nn.functional

CONVOLUTIONS = [
    {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1, "deform_groups": 1},
    {"stride": (2, 1), "padding": (0, 2), "dilation": (1, 2), "groups": 2, "deform_groups": 1},
    {"stride": (1, 2), "padding": (2, 1), "dilation": (2, 1), "groups": 1, "deform_groups": 2},
    {"stride": (2, 2), "padding": (1, 1), "dilation": (1, 1), "groups": 4, "deform_groups": 2},
]


def convolve(features: Any, offset: Any, mask: Any, weight: Any, settings: Any) -> Any:
    return deform.deform_conv(features, offset, mask, weight, deform.Geometry(**settings))


def convolution(settings: Any) -> Tuple[Any, Any, Any]:
    """Features, weight, and what an undeformed convolution returns."""
    features, weight = random(2, 4, 6, 7), random(8, 4 // settings["groups"], 3, 2)
    plain = {key: value for key, value in settings.items() if key != "deform_groups"}
    return features, weight, F.conv2d(features, weight, None, **plain)


@pytest.mark.parametrize("settings", CONVOLUTIONS)
def test_deform_conv_without_offsets_is_a_convolution(settings: Any) -> None:
    features, weight, expected = convolution(settings)
    count = settings["deform_groups"] * 6
    offset, mask = (
        random(2, 2 * count, *expected.shape[2:]) * 0,
        random(2, count, *expected.shape[2:]) * 0 + 1,
    )
    assert torch.allclose(convolve(features, offset, None, weight, settings), expected)
    assert torch.allclose(convolve(features, offset, mask / 2, weight, settings), expected / 2)


@pytest.mark.parametrize("settings", CONVOLUTIONS)
def test_deform_conv_with_whole_offsets_is_a_convolution_of_the_moved_map(settings: Any) -> None:
    features, weight, plain = convolution(settings)
    offset = random(2, settings["deform_groups"] * 6, 2, *plain.shape[2:]) * 0
    offset[:, :, 0], offset[:, :, 1] = 2, -1
    big = F.pad(features, (10, 10, 10, 10))
    moved = big[:, :, 12 - settings["padding"][0] : 12 + 6 + settings["padding"][0]]
    moved = moved[..., 9 - settings["padding"][1] : 9 + 7 + settings["padding"][1]]
    expected = F.conv2d(moved, weight, None, settings["stride"], 0, settings["dilation"], settings["groups"])
    assert torch.allclose(convolve(features, offset.flatten(1, 2), None, weight, settings), expected)


@pytest.mark.parametrize("settings", CONVOLUTIONS)
def test_deform_conv_against_loops(settings: Any) -> None:
    features, weight, plain = convolution(settings)
    rows, columns = plain.shape[2:]
    parts = settings["deform_groups"]
    offset = 3 * torch.randn(2, parts, 3, 2, 2, rows, columns, dtype=torch.double)
    mask = random(2, parts, 3, 2, rows, columns)
    flat = offset.view(2, -1, rows, columns), mask.view(2, -1, rows, columns)
    found = convolve(features, *flat, weight, settings)

    def value(plane: Any, y: float, x: float) -> float:
        total = 0.0
        for row in (math.floor(y), math.floor(y) + 1):
            for column in (math.floor(x), math.floor(x) + 1):
                if 0 <= row < 6 and 0 <= column < 7:
                    total += float(plane[row, column]) * (1 - abs(y - row)) * (1 - abs(x - column))
        return total

    per_group = 4 // settings["groups"]
    for image, out, row, column in ((0, 0, 0, 0), (1, 7, rows - 1, columns - 1), (1, 3, rows // 2, 1)):
        total = 0.0
        for within in range(per_group):
            channel = out // (8 // settings["groups"]) * per_group + within
            part = channel // (4 // parts)
            for ky in range(3):
                for kx in range(2):
                    move = offset[image, part, ky, kx, :, row, column].tolist()
                    y = row * settings["stride"][0] - settings["padding"][0] + ky * settings["dilation"][0]
                    x = column * settings["stride"][1] - settings["padding"][1] + kx * settings["dilation"][1]
                    picked = value(features[image, channel], y + move[0], x + move[1])
                    share = float(mask[image, part, ky, kx, row, column])
                    total += picked * share * float(weight[out, within, ky, kx])
        assert float(found[image, out, row, column]) == pytest.approx(total)


@pytest.mark.parametrize("settings", CONVOLUTIONS)
def test_deform_conv_gradients(settings: Any) -> None:
    features, weight, plain = convolution(settings)
    features = features[:1]
    count = settings["deform_groups"] * 6
    offset, mask = 2 * random(1, 2 * count, *plain.shape[2:]) - 1, random(1, count, *plain.shape[2:])
    inputs = [tensor.detach().requires_grad_() for tensor in (features, offset, mask, weight)]
    assert torch.autograd.gradcheck(lambda *values: convolve(*values, settings), inputs, fast_mode=True)


def test_modulated_offsets_of_a_larger_map_are_read_from_their_start() -> None:
    features, weight, plain = convolution(CONVOLUTIONS[0])
    flat = random(2, 12 * 100), random(2, 6 * 100)
    rows, columns = plain.shape[2:]
    large = [values.view(2, -1, 10, 10) for values in flat]
    exact = [
        values[:, : count * rows * columns].view(2, count, rows, columns)
        for values, count in zip(flat, (12, 6))
    ]
    found = convolve(features, *large, weight, CONVOLUTIONS[0])
    assert torch.equal(found, convolve(features, *exact, weight, CONVOLUTIONS[0]))


def test_deform_attention() -> None:
    shapes, starts = torch.tensor([[4, 5], [2, 3]]), torch.tensor([0, 20])
    value, places = random(2, 26, 2, 3), random(2, 4, 2, 2, 3, 2) * 1.4 - 0.2
    share = random(2, 4, 2, 2, 3)
    found = deform.deform_attention(value, shapes, starts, places, share)
    expected = value.new_zeros(2, 4, 2, 3)
    for level, (height, width) in enumerate(shapes.tolist()):
        plane = (
            value[:, int(starts[level]) :][:, : height * width]
            .permute(0, 2, 3, 1)
            .reshape(4, 3, height, width)
        )
        grid = 2 * places[:, :, :, level].transpose(1, 2).reshape(4, 4, 3, 2) - 1
        picked = F.grid_sample(plane, grid, align_corners=False).view(2, 2, 3, 4, 3)
        weights = share[:, :, :, level].transpose(1, 2)[:, :, None]
        expected += (picked * weights).sum(dim=-1).permute(0, 3, 1, 2)
    assert torch.allclose(found, expected.flatten(2))
    inputs = [tensor.requires_grad_() for tensor in (value, places, share)]
    assert torch.autograd.gradcheck(
        lambda one, two, three: deform.deform_attention(one, shapes, starts, two, three),
        inputs,
        fast_mode=True,
    )


@pytest.mark.parametrize(("kernel", "groups", "scale"), [(3, 1, 2), (5, 2, 2), (1, 3, 3)])
def test_carafe(kernel: int, groups: int, scale: int) -> None:
    features, shares = random(2, 6, 3, 4), random(2, groups * kernel * kernel, 3 * scale, 4 * scale)
    found = upsample.carafe(features, shares, kernel, groups, scale)
    half = kernel // 2
    padded = F.pad(features, (half,) * 4)
    for image, channel, y, x in (
        (0, 0, 0, 0),
        (1, 5, 3 * scale - 1, 4 * scale - 1),
        (1, 2, scale, 2 * scale - 1),
    ):
        group = channel // (6 // groups)
        window = padded[image, channel, y // scale :, x // scale :][:kernel, :kernel]
        mask = shares[image, group * kernel * kernel :, y, x][: kernel * kernel].view(kernel, kernel)
        assert float(found[image, channel, y, x]) == pytest.approx(float((window * mask).sum()))
    assert torch.autograd.gradcheck(
        lambda one, two: upsample.carafe(one, two, kernel, groups, scale),
        (features.requires_grad_(), shares.requires_grad_()),
        fast_mode=True,
    )


@pytest.mark.parametrize("kind", [0, 1])
def test_psa_mask(kind: int) -> None:
    height, width, lines, columns = 3, 4, 5, 3
    entries = random(2, lines * columns, height, width)
    output = entries.new_zeros(2, height * width, height, width)
    sizes = {"psa_type": kind, "num_": 2, "h_feature": height, "w_feature": width}
    sizes.update(h_mask=lines, w_mask=columns, half_h_mask=2, half_w_mask=1)
    masks.psa_forward(entries, output, **sizes)
    expected = torch.zeros_like(output)
    for h in range(height):
        for w in range(width):
            for i in range(lines):
                for j in range(columns):
                    y, x = h + i - 2, w + j - 1
                    if 0 <= y < height and 0 <= x < width:
                        value = entries[:, i * columns + j, h, w]
                        if kind:
                            expected[:, h * width + w, y, x] = value
                        else:
                            expected[:, y * width + x, h, w] = value
    assert torch.equal(output, expected)
    given, found = random(*output.shape), torch.zeros_like(entries)
    masks.psa_backward(given, found, **sizes)
    assert float((found * entries).sum()) == pytest.approx(float((given * output).sum()))  # its transpose


def test_masked_convolution() -> None:
    features, weight = random(1, 3, 5, 6), random(4, 3, 3, 3)
    y, x = (random(5, 6) > 0.5).nonzero(as_tuple=True)
    columns, output = features.new_zeros(27, len(y)), features.new_zeros(1, 4, 5, 6)
    masks.masked_im2col(features, y, x, columns, 3, 3, 1, 1)
    masks.masked_col2im(weight.view(4, 27) @ columns, y, x, output, 5, 6, 4)
    expected = F.conv2d(features, weight, padding=1)
    assert torch.allclose(output[0, :, y, x], expected[0, :, y, x])
    assert int((output != 0).any(dim=1).sum()) == len(y)


def test_tin_shift() -> None:
    frames, shift = random(2, 4, 6, 5), torch.tensor([[1, 0, -2], [5, -1, 2]])
    output, expected = torch.ones_like(frames), torch.zeros_like(frames)
    masks.tin_forward(frames, shift, output)
    for image in range(2):
        for channel in range(6):
            for step in range(4):
                after = step + int(shift[image, channel // 2])
                if 0 <= after < 4:
                    expected[image, after, channel] = frames[image, step, channel]
    assert torch.equal(output, expected)
    given, found = random(*frames.shape), torch.zeros_like(frames)
    masks.tin_backward(given, shift, found)
    assert float((found * frames).sum()) == pytest.approx(float((given * output).sum()))


@pytest.mark.parametrize("weighted", [True, False])
def test_sigmoid_focal_loss(weighted: bool) -> None:
    logits, target = 6 * random(5, 3) - 3, torch.tensor([0, 2, 3, 1, 3])  # 3: background
    weight = random(3) if weighted else random(0)
    output, slope = torch.zeros_like(logits), torch.zeros_like(logits)
    losses.sigmoid_forward(logits, target, weight, output, 2.0, 0.25)
    losses.sigmoid_backward(logits, target, weight, slope, 2.0, 0.25)
    for row in range(5):
        for column in range(3):
            chance = 1 / (1 + math.exp(-float(logits[row, column])))
            yes, no = -0.25 * (1 - chance) ** 2 * math.log(chance), -0.75 * chance**2 * math.log(1 - chance)
            factor = float(weight[min(int(target[row]), 2)]) if weighted else 1
            expected = (yes if target[row] == column else no) * factor
            assert float(output[row, column]) == pytest.approx(expected)
    moved = torch.zeros_like(output)
    losses.sigmoid_forward(logits + 1e-6, target, weight, moved, 2.0, 0.25)
    assert torch.allclose(slope, (moved - output) / 1e-6, atol=1e-5)


@pytest.mark.parametrize("weighted", [True, False])
def test_softmax_focal_loss(weighted: bool) -> None:
    logits, target = 6 * random(4, 3) - 3, torch.tensor([0, 2, 1, -1])
    weight = random(3) if weighted else random(0)

    def loss(values: Any) -> Any:
        log = values.log_softmax(dim=1).gather(1, target.clamp(min=0)[:, None])[:, 0]
        factor = (target >= 0) * (weight[target.clamp(min=0)] if weighted else 1)
        return -0.25 * (1 - log.exp()) ** 2 * log * factor

    output, shared, slope = random(4), random(4), torch.zeros_like(logits)
    losses.softmax_forward(logits.softmax(dim=1), target, weight, output, 2.0, 0.25)
    assert torch.allclose(output, loss(logits))
    losses.softmax_backward(logits.softmax(dim=1), target, weight, shared, slope, 2.0, 0.25)
    assert torch.allclose(slope, gradients(loss, [logits], torch.ones(4, dtype=torch.double))[0])


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(kind: Any) -> None:
    features = torch.rand(1, 4, 6, 6).to(kind)
    offset, weight = torch.zeros(1, 18, 6, 6, dtype=kind), torch.rand(4, 4, 3, 3).to(kind)
    output = torch.empty(1, 4, 6, 6, dtype=kind)
    settings = {
        "kW": 3,
        "kH": 3,
        "dW": 1,
        "dH": 1,
        "padW": 1,
        "padH": 1,
        "dilationW": 1,
        "dilationH": 1,
        "group": 1,
        "deformable_group": 1,
    }
    deform.conv_forward(features, weight, offset, output, weight, weight, im2col_step=1, **settings)
    expected = F.conv2d(features.float(), weight.float(), padding=1)
    assert torch.allclose(output.float(), expected, rtol=0.02)
