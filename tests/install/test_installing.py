"""The wheel in real environments: it changes no file of another package, and works with what it finds."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Optional

import pytest

from mmfix.patches.verify import INSTALL

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("installing")]  # the wheel is built once

#: What MMEngine imports to load a config; the rest of what it asks for (OpenCV, matplotlib) is left out.
NEEDED = ("addict", "numpy", "packaging", "pyyaml", "rich", "termcolor", "yapf")
#: Folders and files that the wheel and what it depends on may bring.
OWN = ("mmfix", "click", "yaml", "_yaml", "pyyaml", "tomli")
LOADERS = [
    pytest.param(
        "onedl-mmengine",
        marks=pytest.mark.skipif(sys.version_info < (3, 10), reason="onedl-mmengine needs Python 3.10"),
    ),
    "mmengine-lite",
    "mmengine",
    None,
]


class Environment:
    """A new virtual environment."""

    def __init__(self, folder: Path) -> None:
        run([sys.executable, "-m", "virtualenv", "-q", str(folder)])
        self.scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
        (self.packages,) = folder.rglob("site-packages")

    def install(self, *arguments: str) -> None:
        pip(str(self.scripts / "python"), "install", *arguments)

    def files(self) -> Dict[str, str]:
        """Each file of each package, by its content; not what Python compiles by itself."""
        return {
            path.relative_to(self.packages).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.packages.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    def mmfix(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run([str(self.scripts / "mmfix"), *arguments], cwd=folder, check=False)


def run(
    command: List[str], cwd: Optional[Path] = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        command,
        cwd=cwd,
        env={**environment, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        check=check,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def pip(python: str, *arguments: str) -> None:
    """Run pip; without the package index the test is skipped, with ``CI=true`` it fails."""
    done = run([python, "-m", "pip", arguments[0], "-q", *arguments[1:]], check=False)
    if done.returncode:
        reason = f"pip {' '.join(arguments)}: {(done.stdout.splitlines() or [''])[-1]}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def needed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages in :data:`NEEDED`, installed once and copied into each environment."""
    folder = tmp_path_factory.mktemp("needed") / "packages"
    pip(sys.executable, "install", "--target", str(folder), *NEEDED)
    return folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> str:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("src", "configs"):
        shutil.copytree(repository / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(repository / name, source / name)
    pip(sys.executable, "wheel", "--no-deps", "-w", str(folder), str(source))
    (built,) = folder.glob("mmfix-*.whl")
    return str(built)


@pytest.mark.parametrize("loader", LOADERS)
def test_no_file_of_another_package_changes(
    loader: Optional[str], wheel: str, needed: Path, tmp_path: Path, examples: Path
) -> None:
    environment = Environment(tmp_path / "venv")
    if loader is not None:
        shutil.copytree(needed, environment.packages, dirs_exist_ok=True)
        environment.install("--no-deps", loader)
    before = environment.files()
    environment.install(wheel)
    after = environment.files()
    assert {path: after.get(path) for path in before} == before
    brought = {path.split("/")[0] for path in after if path not in before}
    assert [name for name in brought if not name.lower().startswith(OWN)] == []

    assert environment.mmfix(tmp_path, "check", "configs/cmt").returncode == 1
    shown = environment.mmfix(tmp_path, "patch", "--diff", "configs")
    assert shown.returncode == 0, shown.stdout
    assert shown.stdout.splitlines()[-1].endswith(
        "3 would change; not verified by loading (--verify does that)"
    )
    written = environment.mmfix(tmp_path, "patch", "configs")
    if loader is None:
        assert written.returncode == 2
        assert written.stdout.count(INSTALL) == 2  # once for each era
        written = environment.mmfix(tmp_path, "patch", "configs", "--no-loader")
        how = "not verified by loading"
    else:
        (metadata,) = environment.packages.glob(f"{loader.replace('-', '_')}-*.dist-info")
        how = f"confirmed by {loader} {metadata.name[: -len('.dist-info')].split('-')[1]}"
    assert written.returncode == 0, written.stdout
    assert written.stdout.count(f"({how})") == 2, "the same is said of two, which are told together"
    assert written.stdout.endswith("5 configs: 3 changed\n")
    assert environment.mmfix(tmp_path, "check", "configs").returncode == 0
