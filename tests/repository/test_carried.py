"""Released packages are recognised where they lie in a repository, and told from what was added to them."""

from __future__ import annotations

from pathlib import Path
from typing import Dict

import pytest

from mmfix.repository import carried
from mmfix.repository.carried import Carried, carried_among

PACKAGE = "mmyolo"


def copy(folder: Path, keep: float = 1.0, version: str = "0.5.0", added: int = 0) -> Dict[str, Path]:
    """The files of a released package, as far as the table has them."""
    table = carried._released()[PACKAGE]
    paths: Dict[str, Path] = {}
    for short in [*list(table)[: int(len(table) * keep)], *(f"models/own/net{n}.py" for n in range(added))]:
        paths[short] = folder / short
        paths[short].parent.mkdir(parents=True, exist_ok=True)
        paths[short].write_text("")
    (folder / "__init__.py").touch()
    if version:
        (folder / "version.py").write_text(f"__version__ = '{version}'\n")
    return paths


@pytest.mark.parametrize("name", ["mmyolo", "third_party/yolo_of_old"])
@pytest.mark.parametrize("version", ["0.5.0", ""])
def test_a_copy_is_recognised_whatever_its_name(tmp_path: Path, name: str, version: str) -> None:
    files = copy(tmp_path / name, version=version)
    found = carried_among([str(path) for path in files.values()], [str(tmp_path)])
    assert found == (Carried(PACKAGE, version, str(tmp_path / name)),)


def test_a_copy_with_less_and_one_with_more(tmp_path: Path) -> None:
    for name, keep, added in (("less", 0.4, 0), ("more", 1.0, 60)):
        files = copy(tmp_path / name, keep, added=added)
        (found,) = carried_among([str(next(iter(files.values())))], [str(tmp_path)])
        assert found.folder == str(tmp_path / name)


def test_who_took_some_files_over_has_no_copy(tmp_path: Path) -> None:
    for name, keep, added in (("few", 0.1, 0), ("own", 0.8, 200)):
        files = copy(tmp_path / name, keep, added=added)
        assert carried_among([str(next(iter(files.values())))], [str(tmp_path)]) == ()


def test_outside_of_the_repository_nothing_is_looked_at(tmp_path: Path) -> None:
    files = copy(tmp_path / "site" / "mmyolo")
    assert carried_among([str(path) for path in files.values()], [str(tmp_path / "repo")]) == ()


def test_what_was_added_is_not_the_release_s(tmp_path: Path) -> None:
    files = copy(tmp_path / "mmyolo", added=1)
    (found,) = carried_among([str(path) for path in files.values()], [str(tmp_path)])
    path = files["models/backbones/base_backbone.py"]
    path.write_text("self.layers = Conv()\nself.extra: Conv = Conv()\nx = 1\n")
    assert found.has(str(path), "BaseBackbone")
    assert found.has(str(path), "")
    assert found.has(str(path), "BaseBackbone", 3)
    assert not found.has(str(path), "OwnBackbone")
    assert not found.has(str(path), "BaseBackbone", 2)
    assert not found.has(str(files["models/own/net0.py"]), "")
    assert not found.has(str(tmp_path / "elsewhere.py"), "")


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    files = copy(tmp_path / "mmyolo")
    (tmp_path / "mmyolo" / "models" / "again").symlink_to(tmp_path / "mmyolo")
    assert len(carried_among([str(path) for path in files.values()], [str(tmp_path)])) == 1


@pytest.mark.parametrize(("project", "version"), [('version = "0.6.1"\n', "0.6.1 (onedl-mmyolo)"), ("", "")])
def test_a_copy_of_the_continuation_says_so(tmp_path: Path, project: str, version: str) -> None:
    files = copy(tmp_path / "src" / "mmyolo")
    asks = "from importlib.metadata import version\n\n__version__ = version('onedl-mmyolo')\n"
    (tmp_path / "src" / "mmyolo" / "version.py").write_text(asks)
    (tmp_path / "src" / "pyproject.toml").write_text(f"[project]\n{project}")
    (found,) = carried_among([str(path) for path in files.values()], [str(tmp_path)])
    assert found.version == (version or "(onedl-mmyolo)")
