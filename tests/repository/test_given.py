"""Which arguments code may give to what it builds, and what it is seen to build."""

from __future__ import annotations

import pytest

from mmfix.python.disk import instead
from mmfix.repository.given import NOT_SEEN, PLAINLY, names_given


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("cfg.update(width=3)", "width"),
        ("cfg['width'] = 3", "width"),
        ("cfg.setdefault('width', 3)", "width"),
        ("cfg.width = 3", "width"),
        ("self.width = 3", ""),
        ("net = Net(width=3)", ""),
        ("net = Net(width=3, **cfg)", "width"),
        ("net = build_net(cfg, width=3)", "width =cfg"),
        ("net = NETS.build(cfg, default_args=dict(width=3))", "default_args width =cfg"),
        ("net = NETS.build(cfg, default_args=dict(type='Net', width=3))", "default_args type width Net =cfg"),
        ("def f(cfg=dict(type='Net', width=3)): pass", "Net"),
        ("cfg = dict(width=3)", "width"),
        ("net = NETS.build(self.neck)", "=neck"),
        ("net = build_from_cfg(self.neck[0], NETS)", "=neck"),
        ("net = build_conv_layer(self.neck, 64)", "*neck"),
        ("net = NETS.build(neck, default_args=more)", "default_args *neck"),
        ("net = NETS.build(neck, **more)", "*neck"),
        ("net = self._build_net(neck)", "*neck"),
    ],
)
def test_names(tmp_path, monkeypatch, code, given) -> None:
    monkeypatch.setenv("MMFIX_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "net.py"
    path.write_text(f"{code}\n")
    expected = {word.replace("=", PLAINLY).replace("*", NOT_SEEN) for word in given.split()} - {"type"}
    assert names_given((str(path),)) - {"type"} == expected


def test_kept_until_a_file_changes(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MMFIX_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "net.py"
    path.write_text("cfg.width = 3\n")
    assert names_given((str(path),)) == {"width"}
    path.write_text("cfg.height = 33\n")
    assert names_given((str(path),)) == {"height"}


def test_what_cannot_be_read_gives_nothing(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MMFIX_CACHE_DIR", "off")
    (tmp_path / "broken.py").write_text("def (")
    assert names_given((str(tmp_path / "broken.py"), str(tmp_path / "nowhere.py"))) == frozenset()


def test_a_file_that_is_read_otherwise_for_a_while(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MMFIX_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path.resolve() / "net.py"
    path.write_text("cfg.update(width=3)\n")
    with instead({str(path): b"cfg.update(depth=3)\n"}):
        assert names_given((str(path),)) == {"depth"}
    assert names_given((str(path),)) == {"width"}
    with instead({str(path): b"cfg.update(height=3)\n"}):
        assert names_given((str(path),)) == {"height"}
