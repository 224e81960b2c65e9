"""What is known of classes is looked up once, kept between runs, and forgotten with the files it rests on."""

from __future__ import annotations

import pytest

from mmfix.repository.taken import UNKNOWN, Taken
from mmfix.training.class_book import ClassBook, Known, Wanted

NET = Wanted("Net", "mmdet", "", True)


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.setenv("MMFIX_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "net.py").write_text("class Net: ...")
    return tmp_path / "net.py"


def known(source, *names):
    return Known(True, Taken(frozenset(names), (str(source),), UNKNOWN, frozenset(names[:1])))


def refuse(wanted):
    raise AssertionError(f"{wanted} is known already")


def test_kept_between_runs(source) -> None:
    book = ClassBook("here")
    assert book.known(NET, lambda wanted: known(source, "depth")) == known(source, "depth")
    assert book.known(NET, refuse) == known(source, "depth")
    book.keep()
    assert ClassBook("here").known(NET, refuse) == known(source, "depth")


def test_looked_up_anew_when_a_file_has_changed_or_it_is_another_place(source) -> None:
    book = ClassBook("here")
    book.known(NET, lambda wanted: known(source, "depth"))
    book.keep()
    assert ClassBook("there").known(NET, lambda wanted: known(source, "other")) == known(source, "other")
    source.write_text("class Net: pass  # longer")
    assert ClassBook("here").known(NET, lambda wanted: known(source, "new")) == known(source, "new")


def test_two_processes_keep_what_both_have_found(source) -> None:
    one, two = ClassBook("here"), ClassBook("here")
    other = NET._replace(name="Other")
    one.known(NET, lambda wanted: known(source, "a"))
    two.known(other, lambda wanted: known(source, "b"))
    one.keep()
    two.keep()
    again = ClassBook("here")
    assert [again.known(NET, refuse), again.known(other, refuse)] == [known(source, "a"), known(source, "b")]


@pytest.mark.parametrize("kept", [[], {"Net\nmmdet\n\nTrue": 3}, {"Net\nmmdet\n\nTrue": {"files": 1}}, None])
def test_what_somebody_else_has_put_there_is_no_answer(source, kept, monkeypatch) -> None:
    monkeypatch.setattr("mmfix.repository.cache.load", lambda kind, key: kept)
    assert ClassBook("here").known(NET, lambda wanted: known(source, "a")) == known(source, "a")
