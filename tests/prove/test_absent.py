"""What is not installed, or cannot be imported, is the first thing that is said, by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
from mmfix.prove.absent import require, why_not_imported
from mmfix.prove.joining import CannotProve


@pytest.mark.parametrize(
    ("package", "files", "said"),
    [
        ("mmrotate", {}, "mmrotate is not installed here"),
        ("mmrotate", {"mmrotate/__init__.py": "import no_such_part"}, "no_such_part is not installed here"),
        (
            "mmyolo",
            {"mmyolo/__init__.py": "raise ImportError('_ext.so: undefined symbol: x')"},
            "mmyolo is installed and cannot be imported: an import fails",
        ),
        (
            "mmflow",
            {"mmflow/__init__.py": "assert False, 'MMCV==2.1.0 is used but incompatible'"},
            "mmflow is installed and cannot be imported: AssertionError: MMCV==2.1.0 is used but",
        ),
        (
            "mmocr",
            {"mmocr/__init__.py": "__version__ = '1.0.1'"},
            "mmocr is half installed: it has no mmocr.models",
        ),
        ("my_scope", {}, ""),  # one that the config's own code makes
    ],
)
def test_a_package_of_openmmlab(
    package: str, files: dict[str, str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    if not said:
        require(package)
        return
    with pytest.raises(CannotProve) as caught:
        require(package)
    assert said in caught.value.message


def _raised(text: str) -> BaseException:
    try:
        exec(text)
    except BaseException as error:
        return error
    raise AssertionError(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import spconv.pytorch", "spconv is not installed here"),
        ("import mmdet3d.models", "pip install mmdet3d"),
        (
            "raise ImportError(\"class `Net` in n.py: No module named 'flash_attn'\")",
            "flash_attn is not",
        ),
        ("import json.no_such", "json has no module json.no_such"),
        ("from json import no_such", "an import fails"),
        ("raise KeyError('voxels')", ""),
    ],
)
def test_an_error_of_an_import(text: str, said: str) -> None:
    found = why_not_imported(_raised(text))
    assert said in found
    assert bool(said) == bool(found)


@pytest.mark.parametrize(
    ("module", "text", "said"),
    [
        ("own_a", "import flash_attn.layers", "flash_attn is not installed here"),
        ("own_b", "raise ImportError('_ext.so: undefined symbol')", "own_b.py:1): _ext.so: undefined symbol"),
        (
            "own_c",
            "try:\n    import torchsparse\nexcept ImportError:\n    raise ImportError('Please install it')",
            "own_c.py:4): Please install it",
        ),
        ("nowhere.models", "", "the config imports nowhere.models, which is not found here"),
        ("mmrotate.models", "", "mmrotate is not installed here"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("loader", ["mmengine", "mmcv 1.x"])
def test_what_a_module_of_the_config_lacks(
    module: str, text: str, said: str, loader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MMEngine and mmcv 1.x put errors of their own in the place of it."""
    if text:
        (tmp_path / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    config = tmp_path / "c.py"
    config.write_text(f"custom_imports = dict(imports=['{module}'], allow_failed_imports=False)\n")
    run = f"from mmengine.config import Config\nConfig.fromfile({str(config)!r})"
    if loader != "mmengine":  # mmcv/utils/misc.py: import_modules_from_strings
        run = f"try:\n    import {module}\nexcept ImportError:\n    raise ImportError"
    found = why_not_imported(_raised(run))
    if loader != "mmengine" and module == "nowhere.models":
        said = "nowhere is not installed here"  # which module was asked for is not told
    assert said in found
