"""Many items in several processes: all come back, whatever happens to a process."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any, Callable, List

import pytest

from mmfix import workers
from mmfix.workers import Done, each, processes

pytestmark = pytest.mark.skipif(not workers.can_fork(), reason="needs fork")


def run(items: List[Any], work: Callable[[Any], Any], jobs: int = 3, **more: Any) -> List[Done]:
    group = more.pop("group", lambda item: item)
    return sorted(each(items, work, jobs, group, more.pop("tick", lambda: None), **more))


@pytest.mark.parametrize("jobs", [1, 2, 7])
def test_every_item_comes_back(jobs: int) -> None:
    assert run(list(range(50)), lambda item: item * 2, jobs) == [Done(n, n * 2) for n in range(50)]


def test_a_group_stays_together_and_a_large_one_is_shared() -> None:
    items = [f"{group}{number}" for group in "abc" for number in range(4)]
    where = [done.value for done in run(items, lambda item: os.getpid(), group=lambda item: item[0])]
    assert len({where[0], where[1]}) == 1
    slow = run(list(range(40)), lambda item: (time.sleep(0.02), os.getpid())[1], 2, group=lambda item: 0)
    assert len({done.value for done in slow}) == 2


def test_what_must_stay_in_order_does(tmp_path: Path) -> None:
    def work(item: str) -> None:
        with (tmp_path / item[0]).open("a") as file:
            file.write(item[1])
        time.sleep(0.001)

    items = [f"{group}{number}" for number in range(9) for group in "ab"]
    run(items, work, 4, group=lambda item: item[0], split=False)
    assert [(tmp_path / group).read_text() for group in "ab"] == ["012345678"] * 2


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_a_wave_begins_when_those_before_it_are_done(jobs: int, tmp_path: Path) -> None:
    log = tmp_path / "log"

    def work(item: str) -> int:
        for mark in "<>":
            with log.open("a") as file:
                file.write(item[0] + mark)
            time.sleep(0.01)
        return os.getpid()

    items = [f"{wave}{number}" for number in range(6) for wave in "2017"] + ["31"]
    done = run(items, work, jobs, split=False, again=False, wave=lambda item: int(item[0]))
    assert "".join(sorted(log.read_text().replace("<", "").replace(">", ""))) == log.read_text()[::2]
    assert len(done) == 25
    assert len({each.value for each in done}) == jobs


@pytest.mark.parametrize(("bad", "again"), [("bad", True), ("worse", True), ("bad", False)])
def test_a_wave_goes_on_after_one_whose_process_was_killed(bad: str, again: bool, tmp_path: Path) -> None:
    items = [tmp_path / "2", tmp_path / bad, tmp_path / "1"]
    waves = {bad: 0, "1": 1, "2": 2}
    done = run(items, killed, 2, again=again, wave=lambda item: waves[item.name])
    assert [each.value for each in done] == ["2", "bad" if bad == "bad" and again else None, "1"]


def killed(item: Path) -> str:
    """Kills its own process the first time that an item called ``bad`` comes, every time for ``worse``."""
    if item.name == "worse" or (item.name == "bad" and not item.exists()):
        item.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item.name


def test_what_a_killed_process_had_is_done_again_and_named(tmp_path: Path) -> None:
    items = [tmp_path / f"{number}" for number in range(20)]
    items[7] = tmp_path / "bad"
    done = run(items, killed, 2)
    assert [each.number for each in done] == list(range(20))
    assert [each.value for each in done] == [item.name for item in items]
    assert [each.ended for each in done] == [""] * 7 + ["SIGKILL"] + [""] * 12


def test_what_kills_every_process_is_reported(tmp_path: Path) -> None:
    items = [tmp_path / f"{number}" for number in range(20)]
    items[3] = tmp_path / "worse"
    done = run(items, killed, 2, group=lambda item: 0)
    assert [each for each in done if each.lost] == [Done(3, None, "SIGKILL", lost=True)]
    assert len(done) == 20
    assert sum(each.value is not None for each in done) == 19


def test_what_may_be_done_once_only_is_not_done_again(tmp_path: Path) -> None:
    done = run([tmp_path / "bad", tmp_path / "1", tmp_path / "2"], killed, 2, again=False)
    assert [each.lost for each in done] == [True, False, False]


def test_a_process_that_ends_by_itself_is_named_by_its_code() -> None:
    done = run([0, 1], lambda item: os._exit(3) if item else item, 2)
    assert done[1] == Done(1, None, "exit code 3", lost=True)


def test_no_process_is_left_when_nobody_wants_more(tmp_path: Path) -> None:
    def work(item: int) -> int:
        (tmp_path / str(os.getpid())).touch()
        time.sleep(0 if item == 0 else 60)
        return item

    results = each([0, 1, 2, 3], work, 2, lambda item: item, lambda: None)
    assert next(results) == Done(0, 0)
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 5
    pids = [int(path.name) for path in tmp_path.iterdir()]
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_where_no_process_can_be_started_it_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise OSError("no more processes")

    monkeypatch.setattr(os, "fork", refuse)
    done = list(
        each([4, 2, 3, 0, 1], lambda item: (item, os.getpid()), 3, lambda item: 0, wave=lambda item: item)
    )
    assert [each.value for each in done] == [(item, os.getpid()) for item in range(5)]


def test_where_no_other_can_be_started_those_that_are_left_do_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fork, started = os.fork, []

    def only_two() -> int:
        started.append(1)
        if len(started) > 2:
            raise OSError("no more processes")
        return fork()

    def work(item: Path) -> str:
        time.sleep(0.3 if item.name == "bad" else 0)  # the other has nothing left to do by then
        return killed(item)

    monkeypatch.setattr(os, "fork", only_two)
    items = [tmp_path / "bad", *(tmp_path / f"{number}" for number in range(6))]
    done = run(items, work, 2)
    assert [each.value for each in done] == [item.name for item in items]


@pytest.mark.parametrize("jobs", [1, 2])
def test_it_ticks_while_it_waits(jobs: int) -> None:
    ticks: List[float] = []
    run([1, 2], lambda item: time.sleep(0.4), jobs, tick=lambda: ticks.append(time.monotonic()))
    assert len(ticks) >= 3


def test_few_items_are_not_worth_a_process() -> None:
    assert [processes(8, count) for count in (0, 1, 7, 8, 100)] == [1, 1, 1, 2, 8]
    assert processes(1, 100) == 1


def test_results_larger_than_a_pipe_holds() -> None:
    done = run(list(range(6)), lambda item: b"x" * 1_000_000, 2)
    assert [len(each.value) for each in done] == [1_000_000] * 6
