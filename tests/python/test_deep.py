"""Room for calls that nest deeply."""

from __future__ import annotations

import sys

import pytest

from mmfix.python.deep import deeply


def down(calls: int) -> int:
    return 0 if calls == 0 else 1 + down(calls - 1)


def test_calls_may_nest_and_the_limit_is_as_before() -> None:
    before = sys.getrecursionlimit()
    assert deeply(lambda: down(4 * before), 5 * before) == 4 * before
    assert sys.getrecursionlimit() == before


def test_a_higher_limit_stays() -> None:
    assert deeply(sys.getrecursionlimit, 10) == sys.getrecursionlimit()


def test_what_is_raised_comes_through_and_the_limit_is_as_before() -> None:
    before = sys.getrecursionlimit()
    with pytest.raises(RecursionError):
        deeply(lambda: down(6 * before), 5 * before)
    assert sys.getrecursionlimit() == before


@pytest.mark.skipif(sys.version_info < (3, 11), reason="frames are not kept in chunks")
def test_memory_is_not_mapped_again_and_again() -> None:
    resource = pytest.importorskip("resource")

    def nest_and_return() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(100):
            for calls in range(10, 400, 10):
                down(calls)
        return int(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

    deeply(nest_and_return, 1000)  # what is touched for the first time
    assert deeply(nest_and_return, 1000) < 500  # without room, 30,000
