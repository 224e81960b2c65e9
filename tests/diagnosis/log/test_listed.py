"""The lists of DDP's message, wrapped wherever a terminal or a paste has wrapped them."""

from __future__ import annotations

from typing import List, Set, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mmfix
from mmfix.diagnosis.log import listed


@pytest.mark.parametrize(
    ("lines", "indices", "cut"),
    [
        (["0 197 198 199"], (0, 197, 198, 199), False),
        (["0 1 2 ..."], (0, 1, 2), True),
        (["4 5 In addition, you can set"], (4, 5), False),
        (["4 5", "2024/11/19 23:23:52 - mmengine"], (4, 5), False),
        (["4 5", "6 7"], (4, 5), False),  # a short line was not wrapped
        (["0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "18 19"], (*range(20),), False),
        (["0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "18 / 500 [00:01]"], (*range(18),), False),
        (["0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 1", "7 18"], (*range(19),), False),
        (["201 202ERROR:torch.distributed.elastic"], (201, 202), False),
        (["4 5 11/19 23:23"], (4, 5), False),
        (["4 5", ""], (4, 5), False),
        ([""], (), False),
    ],
)  # fmt: skip
def test_indices(lines: List[str], indices: Tuple[int, ...], cut: bool) -> None:
    assert listed.indices(lines) == (indices, cut)


@given(st.sets(st.integers(0, 3000), min_size=1, max_size=99), st.integers(40, 200))
def test_indices_wrapped_at_any_column(indices: Set[int], width: int) -> None:
    """Digits of a number may be torn apart; where that leaves two readings, the ascending one is right."""
    ascending = sorted(indices)
    text = " ".join(map(str, ascending))
    lines = [text[at : at + width] for at in range(0, len(text), width)]

    found, _ = listed.indices(lines)

    if _is_unambiguous(lines):
        assert found == tuple(ascending)


def _is_unambiguous(lines: List[str]) -> bool:
    """No line ends or begins with a piece of a number that would be in order by itself, or with white space lost."""
    for line, following in zip(lines, lines[1:]):
        if line[-1] == " " or following[0] == " ":
            continue
        before = [int(number) for number in line.split()]
        after = [int(number) for number in following.split()]
        pieces = [*before[-2:], *after[:1]]
        if pieces == sorted(set(pieces)):
            return False
    return True


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["a.weight, a.bias"], ("a.weight", "a.bias")),
        (["decoder.linear.bias, decoder.linear.weight`"], ("decoder.linear.bias", "decoder.linear.weight")),
        ([".fusion_weights, head.w", "Parameter indices which did not"], (".fusion_weights", "head.w")),
        (["backbone.layer4.0.conv1.weight, backbone.layer4.0.co", "nv2.weight"],
         ("backbone.layer4.0.conv1.weight", "backbone.layer4.0.conv2.weight")),
        (["backbone.layer4.0.conv1.weight, backbone.layer4.0.b, ", "neck.weight"],
         ("backbone.layer4.0.conv1.weight", "backbone.layer4.0.b", "neck.weight")),
        (["backbone.layer4.0.conv1.weight, backbone.layer4.0.b", "Traceback"],
         ("backbone.layer4.0.conv1.weight", "backbone.layer4.0.b")),
        (["a.weight", "b.weight"], ("a.weight",)),
    ],
)  # fmt: skip
def test_names(lines: List[str], names: Tuple[str, ...]) -> None:
    assert listed.names(lines) == names


@pytest.mark.parametrize(
    "line",
    [
        "Parameter indices which did not receive grad for rank 0: {} 5",
        "Parameter indices which did not receive grad for rank 0: 3 {}",
        "Parameter indices which did not receive grad for rank {}: 3 5",
        "Parameters which did not receive grad for rank {}: a.weight",
        "Parameter at index {} has been marked as ready twice",
        "rank {} len(log_vars): {} keys: loss",
        "[rank{}]: KeyError: 3",
        "11/19 12:00:00 - mmengine - INFO - Epoch(train) [{}][{}/{}] loss: 1",
        "Iter [{}/{}] lr: 1",
        "Saving checkpoint at {} epochs",
        "  exitcode  : {} (pid: {})",
        "RuntimeError: CUDA out of memory. Tried to allocate {}.00 GiB",
        "torch.distributed.DistStoreError: Timed out after {} seconds waiting for clients. {}/{} clients joined.",
    ],
)
def test_a_number_of_any_length_is_no_fault(line: str) -> None:
    """Python refuses to read a number of more than 4300 digits."""
    error = "RuntimeError: Expected to have finished reduction in the prior iteration before starting a new one.\n"
    text = f"{line.replace('{}', '1' * 5000)}\n"

    assert mmfix.explain(text + error).known
    mmfix.explain(text)
