"""mmcv 1.7.2 itself confirms patches of its era: copies, overlays, variables, JSON and YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import pytest
from patch_helpers import load, overrides_of, write_files

from mmfix.errors import PatchError
from mmfix.patches import Verifier, plan, plan_overlay
from mmfix.patches.loaders import MMCV1
from openmmlab_packages import openmmlab1_folder

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("prove-mmcv1")]

BASE = "model = dict(backbone=dict(with_cp=True, depth=50), heads=[dict(cp=True)], pair=[1, [dict(a=1)]])\n"
FILES = {
    "base.py": BASE,
    "leaf.py": "_base_ = './base.py'\nmodel = dict(backbone=dict(depth={{_base_.model.backbone.depth}}))\n",
    "names.py": "_base_ = ['./base.py']\nimport os\nname = '{{ fileBasenameNoExtension }}'\nhere = os.sep\n",
    "delete.py": "_base_ = './base.py'\nmodel = dict(backbone=dict(_delete_=True, with_cp=True))\n",
    "leaf.yaml": "_base_: ./base.py\nb: 1\n",
    "leaf.json": '{"_base_": "./base.py", "b": 1}\n',
}
PAIRS: Dict[str, Any] = {"model.backbone.with_cp": False, "model.heads[0].cp": False, "model.pair[1][0].a": 2}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(openmmlab1_folder()))
    write_files(tmp_path, FILES)
    return tmp_path


def test_every_kind_is_confirmed_in_place_and_as_an_overlay(folder: Path) -> None:
    overrides = overrides_of(PAIRS)
    before = sorted(path.name for path in folder.iterdir())
    with Verifier() as verifier:
        for name in FILES:
            document, reader = load(folder / name)
            if not name.endswith(".json"):
                data = plan(document, overrides, reader)
                assert verifier.verify(document, data, overrides, reader, era=MMCV1) == "mmcv 1.7.2", name
            target = str(folder / f"over_{name.replace('.', '_')}.py")
            over = plan_overlay(document, overrides, target)
            assert verifier.verify(document, over, overrides, reader, target, MMCV1) == "mmcv 1.7.2", name
    assert sorted(path.name for path in folder.iterdir()) == before


def test_what_it_finds_besides_is_refused(folder: Path) -> None:
    overrides = overrides_of({"model.backbone.with_cp": False})
    document, reader = load(folder / "leaf.py")
    data = plan(document, overrides, reader)
    said = b"import sys\nif 'mmcv' in sys.modules: model['backbone']['depth'] = 18\n"
    with Verifier() as verifier:
        verifier.verify(document, data, overrides, reader, era=MMCV1)
        with pytest.raises(PatchError, match=r"also change model\.backbone\.depth from 50 to 18"):
            verifier.verify(document, data + said, overrides, _Blind(reader, document, data), era=MMCV1)


class _Blind:
    """A reader that sees the good patch, so that only mmcv can object."""

    def __init__(self, reader: Any, document: Any, data: bytes) -> None:
        self.document = reader.load(document.path, text=data.decode())

    def load(self, path: str, text: Any = None) -> Any:
        return self.document
