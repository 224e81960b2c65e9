"""Which loader confirms a patch, and what it is called; with packages made here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, Iterator

import pytest
from patch_helpers import load, overrides_of, write_files

from mmfix.errors import PatchError
from mmfix.patches import NoLoaderError, Verifier, loaders, plan
from mmfix.patches.loaders import MMCV1, MMENGINE, NoLoader, find

CP = overrides_of({"a": 2})
#: Runs a config and gives its names; enough of a framework to load ``a = 1``.
CONFIG = """
class Config:
    @staticmethod
    def fromfile(path, import_custom_modules):
        assert import_custom_modules is False
        names = {}
        with open(path) as file:
            exec(file.read(), names)
        del names['__builtins__']
        config = Config()
        config.to_dict = lambda: names
        return config
"""
MMCV = {"mmcv/__init__.py": "from .version import __version__\n" + CONFIG}
ENGINE = {"mmengine/__init__.py": "from .version import __version__\n", "mmengine/config.py": CONFIG}


def framework(package: str, version: str, *distributions: str) -> Dict[str, str]:
    """The files of a package, and the metadata of distributions (``name==version``) that claim it."""
    files = dict(MMCV if package == "mmcv" else ENGINE)
    files[f"{package}/version.py"] = f"__version__ = '{version}'\n"
    for distribution in distributions:
        name, number = distribution.split("==")
        folder = f"{name.replace('-', '_')}-{number}.dist-info"
        files[f"{folder}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n"
    return files


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that child processes find first."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "packages"))
    (tmp_path / "cfg.py").write_text("a = 1\n")
    return tmp_path / "packages"


def confirmed_by(packages: Path, era: str, text: str = "a = 1\n") -> str:
    path = packages.parent / "cfg.py"
    path.write_text(text)
    document, reader = load(path)
    with Verifier() as verifier:
        return verifier.verify(document, plan(document, CP, reader), CP, reader, era=era)


@pytest.mark.parametrize("name", ["mmengine", "mmengine-lite", "onedl-mmengine"])
def test_the_distribution_is_named(name: str, packages: Path) -> None:
    write_files(packages, framework("mmengine", "0.99.1", f"{name}==0.99.1"))
    assert confirmed_by(packages, MMENGINE) == f"{name} 0.99.1"


def test_one_written_over_another_is_named_by_its_version(packages: Path) -> None:
    write_files(packages, framework("mmengine", "0.99.1", "onedl-mmengine==0.99.2", "mmengine==0.99.1"))
    assert confirmed_by(packages, MMENGINE) == "mmengine 0.99.1"


def test_a_package_of_no_distribution_has_its_own_name(packages: Path) -> None:
    write_files(packages, framework("mmengine", "0.99.1"))
    assert confirmed_by(packages, MMENGINE) == "mmengine 0.99.1"


@pytest.mark.parametrize("name", ["mmcv", "mmcv-full", "mmcv-lite"])
def test_mmcv1_confirms_its_own_era_alone(name: str, packages: Path) -> None:
    write_files(packages, framework("mmcv", "1.7.2", f"{name}==1.7.2"))
    assert confirmed_by(packages, MMCV1) == f"{name} 1.7.2"
    assert confirmed_by(packages, MMENGINE).startswith("mmengine ")


def test_a_config_that_uses_read_base_is_mmengines_in_any_era(packages: Path) -> None:
    write_files(packages, framework("mmcv", "1.7.2"))
    (packages.parent / "base.py").write_text("b = 1\n")
    lazy = "from mmengine.config import read_base\n\nwith read_base():\n    from .base import *\n\na = 1\n"
    assert confirmed_by(packages, MMCV1, lazy).startswith("mmengine ")


@pytest.mark.parametrize("version", ["2.1.0", "1.2.7", "new"])
def test_another_mmcv_is_not_imported(version: str, packages: Path) -> None:
    write_files(packages, framework("mmcv", version))
    (packages / "mmcv/__init__.py").write_text(f"open({str(packages / 'imported')!r}, 'w')\n")
    assert confirmed_by(packages, MMCV1).startswith("mmengine ")
    assert not (packages / "imported").exists()


def test_an_mmcv1_that_cannot_be_imported_leaves_it_to_mmengine(packages: Path) -> None:
    write_files(packages, framework("mmcv", "1.7.2"))
    (packages / "mmcv/__init__.py").write_text("raise SystemExit('no')\n")
    assert confirmed_by(packages, MMCV1).startswith("mmengine ")


def test_none_can_be_imported(packages: Path) -> None:
    write_files(packages, framework("mmcv", "1.7.2"))
    write_files(packages, framework("mmengine", "0.99.1"))
    for package in ("mmcv", "mmengine"):
        (packages / package / "__init__.py").write_text("import not_there_at_all\n")
    with pytest.raises(NoLoaderError) as caught:
        confirmed_by(packages, MMCV1)
    for name in ("mmcv 1.x", "MMEngine"):
        assert f"{name} is installed and cannot be imported: ModuleNotFoundError: No module" in str(
            caught.value
        )
    assert "pip install" not in str(caught.value)  # over what is installed already
    assert caught.value.path is None


def test_an_import_that_ends_the_process_is_tried_once(packages: Path) -> None:
    write_files(packages, framework("mmengine", "0.99.1"))
    (packages / "mmengine/__init__.py").write_text("import os\nos._exit(3)\n")
    document, reader = load(packages.parent / "cfg.py")
    data = plan(document, CP, reader)
    with Verifier() as verifier:
        for _ in range(2):
            with pytest.raises(NoLoaderError, match="importing the framework ended the process"):
                verifier.verify(document, data, CP, reader)
            assert verifier._process is None


@pytest.mark.parametrize(
    ("era", "wanted"), [(MMCV1, "mmcv 1.x (1.3 or later) or MMEngine"), (MMENGINE, "MMEngine")]
)
def test_nothing_installed(era: str, wanted: str, packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaders, "find_origin", lambda name: None)
    with pytest.raises(NoLoader, match=r"^$"):
        find(era)
    monkeypatch.setattr(Verifier, "_ask", lambda self, *rest: {"failed": "loader", "error": ""})
    with pytest.raises(NoLoaderError) as caught:
        confirmed_by(packages, era)
    assert f"only after {wanted} has loaded it" in str(caught.value)
    assert "pip install mmengine-lite packaging" in str(caught.value)
    assert "--no-loader" in str(caught.value)


def test_both_eras_in_one_process(packages: Path) -> None:
    write_files(packages, framework("mmcv", "1.7.2"))
    document, reader = load(packages.parent / "cfg.py")
    data = plan(document, CP, reader)
    with Verifier() as verifier:
        names = [verifier.verify(document, data, CP, reader, era=era) for era in (MMCV1, MMENGINE, MMCV1)]
        assert names[0] == names[2] == "mmcv 1.7.2"
        assert names[1].startswith("mmengine ")
        with pytest.raises(PatchError, match=r"^\S+: the patch would also change b"):
            verifier.verify(document, data + b"b = 1\n", CP, reader, era=MMCV1)


@pytest.fixture(autouse=True)
def _nothing_imported_here() -> Iterator[None]:
    before = "mmcv" in sys.modules
    yield
    assert ("mmcv" in sys.modules) is before


def test_beside_the_continuation_its_own_loader_is_recommended(
    packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(packages, {"onedl_mmcv-2.3.6.dist-info/METADATA": "Name: onedl-mmcv\nVersion: 2.3.6\n"})
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.setattr(Verifier, "_ask", lambda self, *rest: {"failed": "loader", "error": ""})
    with pytest.raises(NoLoaderError) as caught:
        confirmed_by(packages, MMENGINE)
    assert "pip install onedl-mmengine, or" in str(caught.value)
