"""Logs as they come: chunks, ranks, colours, progress bars, encodings, several runs."""

from __future__ import annotations

import io
from typing import List, Tuple

import pytest
from messages import UNUSED_BARE, twice, unused

from mmfix.diagnosis.kinds import KINDS
from mmfix.diagnosis.log import stream
from mmfix.diagnosis.log.lines import Line, Stream
from mmfix.diagnosis.log.marks import Marks, command_of, marks_of
from mmfix.diagnosis.log.scan import read_log
from mmfix.diagnosis.types import LogReading

ITERATION = "2024/11/19 12:00:{:02d} - mmengine - INFO - Epoch(train)  [1][{:5d}/90000]  lr: 2e-02  loss: 0.5"


def read(text: str) -> LogReading:
    return read_log(io.BytesIO(text.encode()), KINDS)


def iterations(first: int, last: int) -> str:
    return "".join(f"{ITERATION.format(number % 60, number)}\n" for number in range(first, last))


@pytest.mark.parametrize("size", [0, 1, stream.CHUNK, 6 * stream.CHUNK])
@pytest.mark.parametrize("after", [0, 6 * stream.CHUNK])
def test_an_error_is_found_wherever_it_stands(size: int, after: int) -> None:
    line = f"{ITERATION.format(0, 50)}\n"
    before = line * (size // len(line))
    text = f"{before}Traceback (most recent call last):\n{unused([1, 2])}{line * (after // len(line))}"

    reading = read(text)

    assert [item.kind.id for item in reading.sightings] == ["unused-parameters"]
    assert reading.sightings[0].line == text[: text.index("RuntimeError")].count("\n") + 1
    assert reading.sightings[0].listed[0].indices == (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize("before", [20, 50, 80])
def test_an_error_amid_progress_bars_is_found_where_chunks_meet(before: int) -> None:
    """Bars have no line ends, so that a chunk ends anywhere, here in the middle of the message."""
    bars = "\r 10%|# | 1/10 " * (6 * stream.CHUNK // 14)
    text = f"{bars[: 5 * stream.CHUNK + 4 - before]}{UNUSED_BARE}{bars}"

    assert [item.kind.id for item in read(text).sightings] == ["unused-parameters"]


@pytest.mark.parametrize(("byte", "trigger"), stream.TRIGGERS)
def test_a_string_is_looked_for_by_a_byte_that_it_has(byte: bytes, trigger: bytes) -> None:
    assert len(byte) == 1
    assert byte in trigger


def test_of_a_long_log_only_what_matters_is_read() -> None:
    line = f"{ITERATION.format(0, 50)}\n".encode()
    quiet = line * (30 * stream.CHUNK // len(line))

    regions = list(stream.regions(io.BytesIO(quiet)))

    assert sum(len(region.data) for region in regions) < 6 * stream.CHUNK
    last = regions[-1]
    assert last.line + last.data.count(b"\n") == quiet.count(b"\n") + 1


@pytest.mark.parametrize(
    "fill", [b"", b"a", b"0123456789\n", b"a line of more than a hundred bytes" * 9 + b"\n"]
)
@pytest.mark.parametrize("last", [b"", b"unfinished"])
def test_lines_are_counted_however_long_they_are(fill: bytes, last: bytes) -> None:
    chunk = bytearray(fill * (50_000 // (len(fill) or 1)) + last + b"\nnot asked for\n")
    end = len(chunk) - len(b"\nnot asked for\n")

    assert stream._line_ends(chunk, end) == bytes(chunk[:end]).count(b"\n")


@pytest.mark.slow
def test_what_is_kept_of_a_log_full_of_errors_is_bounded() -> None:
    """A run that is started again and again: 50 MB of tracebacks took minutes, and progress between them 600 MB."""
    marks = Marks()
    lines = 0
    for _ in range(100):
        texts = [text for number in range(1000) for text in (
            f"Iter(train) [{lines + number}/900000]", '  File "torch/utils/checkpoint.py", line 9, in backward',
            f"ValueError: {number} {'x' * 9000 if number == 1 else ''}")]  # fmt: skip
        marks.add(marks_of(Stream(None, [Line(lines + at, text) for at, text in enumerate(texts, 1)])))
        lines += len(texts)

    assert len(marks.progress) + len(marks.reentrant) + len(marks.errors) < 100_000
    assert max(len(error.text) for error in marks.errors.values()) < 2000
    run = marks.run(1, lines, lines)
    assert run.reentrant
    assert lines - 10_000 < run.iterations < lines


def test_regions_hold_every_byte_of_a_short_log() -> None:
    text = iterations(0, 9000).encode()

    assert b"".join(region.data for region in stream.regions(io.BytesIO(text))) == text


@pytest.mark.parametrize(
    ("prefix", "ranks"),
    [
        ("[rank{}]: ", [0, 1]),
        ("[default{}]:", [0, 1]),
        ("{}: ", [0, 1]),
    ],
)  # fmt: skip
def test_ranks_that_write_at_the_same_time(prefix: str, ranks: List[int]) -> None:
    """Line by line in turns, as `torchrun --tee` and `srun --label` show them."""
    texts = [unused([rank, 10 + rank], rank).splitlines() for rank in ranks]
    turns = [f"{prefix.format(rank)}{line}" for lines in zip(*texts) for rank, line in zip(ranks, lines)]

    (sighting,) = read("\n".join(turns)).sightings

    assert [(item.rank, item.indices) for item in sighting.listed] == [(0, (0, 10)), (1, (1, 11))]


def test_ranks_that_write_at_the_same_time_without_a_prefix() -> None:
    texts = [unused([rank, 10 + rank], rank).splitlines() for rank in (0, 1)]
    turns = [line for lines in zip(*texts) for line in lines]

    (sighting,) = read("\n".join(turns)).sightings

    assert [(item.rank, item.indices) for item in sighting.listed] == [(0, (0, 10)), (1, (1, 11))]


@pytest.mark.parametrize(
    "dress",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "".join(f"\x1b[31m{line}\x1b[0m\n" for line in text.splitlines()),
        lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
        lambda text: "".join(f"\u2502 {line}\n" for line in text.splitlines()),
        lambda text: f" 10%|\u2588 | 1/10\r 20%|\u2588\u2588 | 2/10\r{text}",
        lambda text: text.replace(" ", "\xa0"),
        lambda text: "\n".join(text[at : at + 80] for at in range(0, len(text), 80)),
    ],
    ids=["windows", "colours", "quoted", "boxed", "progress bar", "hard spaces", "80 columns"],
)
def test_what_terminals_and_pastes_do(dress) -> None:  # type: ignore[no-untyped-def]
    (sighting,) = read(dress(twice(432, "img_backbone.layer4.2.conv3.weight"))).sightings

    assert sighting.kind.id == "marked-ready-twice"
    assert sighting.listed[0].indices == (432,)
    assert sighting.listed[0].names == ("img_backbone.layer4.2.conv3.weight",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk"])
def test_encodings(encoding: str) -> None:
    text = f"训练失败\n{unused([3, 4])}"

    (sighting,) = read_log(io.BytesIO(text.encode(encoding)), KINDS).sightings

    assert sighting.listed[0].indices == (3, 4)
    assert sighting.line == 2


def test_two_runs_in_one_log() -> None:
    """The first died of unused parameters; with find_unused_parameters the second died of the other error."""
    first = f"2024/11/19 12:00:00 - mmengine - INFO - Config:\nmodel = dict(type='A')\n{iterations(1, 2)}"
    second = "2024/11/19 13:00:00 - mmengine - INFO - Config:\nmodel = dict(type='B')\n"

    reading = read(f"{first}{UNUSED_BARE}{second}{iterations(1, 2)}{twice(7)}")

    assert [(item.run, item.kind.outcome) for item in reading.sightings] == [
        (0, "UNUSED"),
        (1, "READY_TWICE"),
    ]
    texts = [run.config.text.strip() for run in reading.runs if run.config]
    assert texts == ["model = dict(type='A')", "model = dict(type='B')"]


@pytest.mark.parametrize(
    ("lines", "made"),
    [
        ("Epoch(train)  [1][1/2730]", 1),
        ("Epoch(train) [3][  50/1000]", 50),
        ("Epoch [1][50/1833]", 50),
        ("Iter(train) [  100/80000]", 100),
        ("Iter [100/80000]\nIter [150/80000]", 150),
        ("resumed epoch: 3, iter: 4000\nIter [4050/80000]", 1),
        ("Saving checkpoint at 486 epochs", 486),
        ("", 0),
    ],
)  # fmt: skip
def test_how_far_a_run_came(lines: str, made: int) -> None:
    assert read(f"{lines}\n{UNUSED_BARE}").runs[0].iterations == made


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("bash tools/dist_train.sh configs/a.py 8", ("configs/a.py", ())),
        ("$ ./tools/dist_train.sh configs/a.py 8 --cfg-options model.x=1 'b=[1,2]' --seed 0",
         ("configs/a.py", ("model.x=1", "b=[1,2]"))),
        ("torchrun --nproc-per-node 8 tools/train.py configs/a.py --launcher pytorch", ("configs/a.py", ())),
        ("GPUS=8 ./tools/slurm_train.sh part job configs/a.py work", ("configs/a.py", ())),
        ("Command '['/usr/bin/python', '-u', 'tools/train.py', '--local_rank=7', 'configs/a.py']' returned non-zero",
         ("configs/a.py", ())),
        ("python tools/test.py configs/a.py", None),
        ('  File "tools/train.py", line 135, in <module>', None),
        ("11/19 23:23:52 - mmengine - INFO - tools/train.py configs/a.py", None),
        ("I ran tools/train.py and it failed", None),
    ],
)  # fmt: skip
def test_the_command_line(line: str, found: Tuple[str, Tuple[str, ...]]) -> None:
    command = command_of(line)

    assert (None if command is None else command[:2]) == found
    assert command is None or command[2] in line


def test_the_config_of_a_later_run_is_read_in_the_middle_of_a_long_log() -> None:
    quiet = f"{ITERATION.format(0, 50)}\n" * (6 * stream.CHUNK // 80)
    head = "2024/11/19 12:00:00 - mmengine - INFO - Config:\nmodel = dict(type='{}')\n"

    reading = read(f"{head.format('A')}{quiet}{head.format('B')}{quiet}{twice(7)}")

    assert reading.sightings[0].run == 1
    assert reading.runs[1].config is not None
    assert "'B'" in reading.runs[1].config.text
