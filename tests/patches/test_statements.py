"""The statement written for each way a config can bind a key; every patch is checked by MMEngine itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, NamedTuple

import pytest
from patch_helpers import load, overrides_of, patch_and_check, write_files

from mmfix.errors import PatchError
from mmfix.patches import Verifier, plan

BASE = """
    default_scope = 'mmdet'
    find_unused_parameters = True
    custom_imports = dict(imports=['json'], allow_failed_imports=False)
    model_wrapper_cfg = None
    model = dict(
        type='Detector',
        backbone=dict(type='ResNet', depth=50, with_cp=True),
        neck=None,
        heads=[dict(type='A', cp=True), dict(type='B', cp=True)],
        stages=(dict(cp=True), dict(cp=True)),
    )
    """
OLD_BASE = BASE.replace("default_scope = 'mmdet'", "total_epochs = 12")


class Case(NamedTuple):
    name: str
    text: str
    overrides: Dict[str, Any]
    expected: List[str]
    file: str = "leaf.py"
    base: str = BASE


CP = {"model.backbone.with_cp": False}

CASES = [
    Case("not bound", "_base_ = './base.py'", CP, ["model = dict(backbone=dict(with_cp=False))"]),
    Case(
        "bound after _base_",
        "_base_ = './base.py'\nmodel = dict(backbone=dict(depth=101), data_preprocessor=dict(a=1))",
        CP,
        ["model['backbone']['with_cp'] = False"],
    ),
    Case(
        "bound, the level only in the base",
        "_base_ = './base.py'\nmodel = dict(data_preprocessor=dict(a=1))",
        CP,
        ["model['backbone'] = dict(with_cp=False)"],
    ),
    Case(
        "an unknown value may be the dict",
        "_base_ = './base.py'\nimport time\nsmall = dict(cp=True)\n"
        "other = [small, *[{}] * 40][time.timezone % 1]",
        {"small.cp": False},
        ["small = dict(small, cp=False)"],
    ),
    Case(
        "an unknown value is none of the file's dicts",
        "_base_ = './base.py'\nimport time\nsmall = dict(cp=True)\nother = time.timezone % 1",
        {"small.cp": False},
        ["small['cp'] = False"],
    ),
    Case(
        "a list in a dict of the base that has another name",
        "_base_ = './base.py'\nkept = {key: value for key, value in _base_.items() if key == 'model'}",
        {"model.heads[0].cp": False},
        ["model = dict(heads=[dict(type='A', cp=False), dict(type='B', cp=True)])"],
    ),
    Case(
        "no base at all",
        "model = dict(backbone=dict(with_cp=True))\n",
        {**CP, "find_unused_parameters": False},
        ["model['backbone']['with_cp'] = False", "find_unused_parameters = False"],
    ),
    Case(
        "several under one name",
        "_base_ = './base.py'",
        {**CP, "model.backbone.depth": 101, "model.new.a": 1},
        ["model = dict(backbone=dict(depth=101, with_cp=False), new=dict(a=1))"],
    ),
    Case(
        "one dict under two names",
        "_base_ = './base.py'\nbb = dict(depth=101)\nmodel = dict(backbone=bb)\n",
        CP,
        ["model['backbone'] = dict(model['backbone'], with_cp=False)"],
    ),
    Case(
        "one dict twice in a list",
        "block = dict(cp=True)\nmodel = dict(blocks=[block, block])\n",
        {"model.blocks[1].cp": False},
        ["model['blocks'][1] = dict(model['blocks'][1], cp=False)"],
    ),
    Case(
        "the whole model under a second name (model=model)",
        "model = dict(backbone=dict(with_cp=True), a=1)\nteacher = dict(model=model)\n",
        {**CP, "model.a": 2},
        ["model = dict(model, backbone=dict(model['backbone'], with_cp=False), a=2)"],
    ),
    Case(
        "built from a variable used later in the file",
        "cp = True\nmodel = dict(backbone=dict(with_cp=cp))\n",
        CP,
        ["model['backbone']['with_cp'] = False"],
    ),
    Case(
        "list of this file",
        "_base_ = './base.py'\nmodel = dict(heads=[dict(cp=True), dict(cp=True)])\n",
        {"model.heads[0].cp": False},
        ["model['heads'][0]['cp'] = False"],
    ),
    Case(
        "list of the base",
        "_base_ = './base.py'\n",
        {"model.heads[1].cp": False},
        ["_base_['model']['heads'][1]['cp'] = False"],
    ),
    Case(
        "list of the base, mmcv 1.x",
        "_base_ = './base.py'\n",
        {"model.heads[1].cp": False},
        ["model = dict(heads=[dict(type='A', cp=True), dict(type='B', cp=False)])"],
        base=OLD_BASE,
    ),
    Case(
        "list of the base that the file refers to",
        "_base_ = './base.py'\nfirst = _base_.model.heads[1]\n",
        {"model.heads[1].cp": False},
        ["_base_['model']['heads'][1] = dict(_base_['model']['heads'][1], cp=False)"],
    ),
    Case(
        "list of the base that a placeholder refers to",
        "_base_ = './base.py'\nteacher = {{ _base_.model }}\n",
        {"model.heads[1].cp": False},
        ["model = dict(heads=[dict(type='A', cp=True), dict(type='B', cp=False)])"],
    ),
    Case(
        "element of a list of the base, and a plain key",
        "_base_ = './base.py'\nmodel = dict(x=1)\n",
        {"model.heads.1.cp": False, **CP},
        ["model['backbone'] = dict(with_cp=False)", "_base_['model']['heads'][1]['cp'] = False"],
    ),
    Case(
        "tuple of this file",
        "model = dict(stages=(dict(cp=True), dict(cp=True), dict(cp=True)))\n",
        {"model.stages[1].cp": False},
        [
            "model['stages'] = model['stages'][:1] + (dict(model['stages'][1], cp=False),) "
            "+ model['stages'][2:]",
        ],
    ),
    Case(
        "tuple of the base",
        "_base_ = './base.py'\n",
        {"model.stages[0].cp": False},
        [
            "_base_['model']['stages'] = (dict(_base_['model']['stages'][0], cp=False),) + "
            "_base_['model']['stages'][1:]",
        ],
    ),
    Case(
        "tuple of the base, mmcv 1.x",
        "_base_ = './base.py'\n",
        {"model.stages[0].cp": False},
        ["model = dict(stages=(dict(cp=False), dict(cp=True)))"],
        base=OLD_BASE,
    ),
    Case(
        "_delete_ on the way",
        "_base_ = './base.py'\nmodel = dict(_delete_=True, type='X', backbone=dict(a=1))\n",
        CP,
        ["model['backbone']['with_cp'] = False"],
    ),
    Case(
        "_delete_ on the way, the level missing",
        "_base_ = './base.py'\nmodel = dict(_delete_=True, type='X')\n",
        CP,
        ["model['backbone'] = dict(with_cp=False)"],
    ),
    Case(
        "None in the base on the way",
        "_base_ = './base.py'\n",
        {"model.neck.cp": False},
        ["model = dict(neck=dict(_delete_=True, cp=False))"],
    ),
    Case(
        "None in this file on the way, a dict in the base",
        "_base_ = './base.py'\nmodel = dict(backbone=None)\n",
        CP,
        ["model['backbone'] = dict(_delete_=True, with_cp=False)"],
    ),
    Case(
        "None in this file on the way",
        "model = dict(neck=None)\n",
        {"model.neck.cp": False},
        ["model['neck'] = dict(cp=False)"],
    ),
    Case(
        "find_unused_parameters set here",
        "find_unused_parameters = False\n",
        {"find_unused_parameters": True},
        ["find_unused_parameters = True"],
    ),
    Case(
        "find_unused_parameters set in the base",
        "_base_ = './base.py'\n",
        {"find_unused_parameters": False},
        ["find_unused_parameters = False"],
    ),
    Case(
        "find_unused_parameters set in both",
        "_base_ = './base.py'\nfind_unused_parameters = True\n",
        {"find_unused_parameters": False},
        ["find_unused_parameters = False"],
    ),
    Case(
        "a dict where the base has None",
        "_base_ = './base.py'\n",
        {"model_wrapper_cfg": {"type": "MMDistributedDataParallel", "static_graph": True}},
        ["model_wrapper_cfg = dict(_delete_=True, type='MMDistributedDataParallel', static_graph=True)"],
    ),
    Case(
        "a dict that nobody has",
        "model = dict()\n",
        {"model_wrapper_cfg": {"type": "MMDistributedDataParallel", "static_graph": True}},
        ["model_wrapper_cfg = dict(type='MMDistributedDataParallel', static_graph=True)"],
    ),
    Case(
        "wrapper present, its other keys kept",
        "model_wrapper_cfg = dict(type='MMDistributedDataParallel', find_unused_parameters=True)\n",
        {"model_wrapper_cfg.static_graph": True},
        ["model_wrapper_cfg['static_graph'] = True"],
    ),
    Case(
        "wrapper replaced by one with fewer keys",
        "_base_ = './wrapped.py'\n",
        {"model_wrapper_cfg": {"type": "MMDistributedDataParallel"}},
        ["model_wrapper_cfg = dict(_delete_=True, type='MMDistributedDataParallel')"],
    ),
    Case(
        "wrapper replaced by one with more keys",
        "_base_ = './wrapped.py'\n",
        {"model_wrapper_cfg": {"type": "W", "find_unused_parameters": True, "static_graph": True}},
        ["model_wrapper_cfg = dict(static_graph=True)"],
    ),
    Case(
        "custom_imports present here",
        "custom_imports = dict(imports=['json'], allow_failed_imports=False)\n",
        {"custom_imports.imports": ["json", "mmfix.nonreentrant"]},
        ["custom_imports['imports'] = ['json', 'mmfix.nonreentrant']"],
    ),
    Case(
        "custom_imports present in the base",
        "_base_ = './base.py'\n",
        {"custom_imports.imports": ["json", "mmfix.nonreentrant"]},
        ["custom_imports = dict(imports=['json', 'mmfix.nonreentrant'])"],
    ),
    Case(
        "keys that are not names",
        "_base_ = './base.py'\nhooks = {'a-b': {1: dict(cp=True)}}\n",
        {"hooks['a-b'][1].cp": False, "model.backbone.class": 1, "model['x.y'].z": 2},
        ["model = {'backbone': {'class': 1}, 'x.y': dict(z=2)}", "hooks['a-b'][1]['cp'] = False"],
    ),
    Case(
        "model = _base_.model",
        "_base_ = './base.py'\nmodel = _base_.model\nteacher = {{ _base_.model }}\n",
        CP,
        ["model = dict(model, backbone=dict(model['backbone'], with_cp=False))"],
    ),
    Case(
        "copy of the base's model",
        "_base_ = './base.py'\nmodel = dict(**_base_.model)\n",
        CP,
        ["model['backbone'] = dict(model['backbone'], with_cp=False)"],
    ),
    Case(
        "copy of the base's model under another name",
        "_base_ = './base.py'\nteacher = dict(**_base_.model)\n",
        {"teacher.backbone.with_cp": False},
        ["teacher['backbone'] = dict(teacher['backbone'], with_cp=False)"],
    ),
    Case(
        "placeholder beside the key",
        "_base_ = './base.py'\nmodel = dict(teacher={{ _base_.model.backbone }}, backbone=dict(depth=1))\n",
        CP,
        ["model['backbone']['with_cp'] = False"],
    ),
    Case(
        "bound in a branch",
        "_base_ = './base.py'\nif 1 < 2:\n    model = dict(backbone=dict(depth=18))\n",
        CP,
        ["model['backbone']['with_cp'] = False"],
    ),
    Case(
        "bound in a loop",
        "_base_ = './base.py'\nfor depth in (18, 34):\n    model = dict(backbone=dict(depth=depth))\n",
        CP,
        ["model['backbone']['with_cp'] = False"],
    ),
    Case(
        "bound and deleted again",
        "_base_ = './base.py'\nmodel = dict(backbone=dict(depth=18))\ndel model\n",
        CP,
        ["model = dict(backbone=dict(with_cp=False))"],
    ),
    Case(
        "text with braces, quotes and other letters",
        "a = dict(b=1)\n",
        {"a.b": "{{ fileBasename }} 'x' \"y\" \u00e4\n"},
        ["a['b'] = '{' '{ fileBasename }} \\'x\\' \"y\" \\xe4\\n'"],
    ),
    Case("nan and infinity", "a = 1.0\n", {"a": float("nan")}, ["a = float('nan')"]),
    Case("an integer is not a bool", "a = 1\n", {"a": True}, ["a = True"]),
    Case("nothing to do", "_base_ = './base.py'\n", {"find_unused_parameters": True}, []),
    Case(
        "values of a JSON base",
        "_base_ = './base.json'\n",
        CP,
        ["model = dict(backbone=dict(with_cp=False))"],
    ),
    # lazy
    Case(
        "lazy, imported",
        "from mmengine.config import read_base\nwith read_base():\n    from .base import *\n",
        {**CP, "find_unused_parameters": False, "model.heads[0].cp": False, "model.new.a": 1},
        [
            "find_unused_parameters = False",
            "model['backbone']['with_cp'] = False",
            "model['heads'][0]['cp'] = False",
            "model['new'] = dict(a=1)",
        ],
    ),
    Case(
        "lazy, bound here",
        "from mmengine.config import read_base\nwith read_base():\n    from .base import model as old\n"
        "from torch.optim import SGD\n"
        "model = dict(type=SGD, backbone=dict(with_cp=True))\n",
        {**CP, "model_wrapper_cfg.static_graph": True},
        ["model['backbone']['with_cp'] = False", "model_wrapper_cfg = dict(static_graph=True)"],
    ),
    Case(
        "lazy, imported and updated",
        "from mmengine.config import read_base\nwith read_base():\n    from .base import *\n"
        "model.update(dict(backbone=dict(depth=18), neck=dict(cp=True)))\n",
        {**CP, "model.neck.cp": False},
        ["model['backbone']['with_cp'] = False", "model['neck']['cp'] = False"],
    ),
    Case(
        "lazy, one dict under two names",
        "from mmengine.config import read_base\nwith read_base():\n    from .base import *\n"
        "teacher = dict(student=model)\n",
        CP,
        ["model = dict(model, backbone=dict(model['backbone'], with_cp=False))"],
    ),
    Case(
        "lazy, tuple",
        "from mmengine.config import read_base\nwith read_base():\n    from .base import *\n",
        {"model.stages[1].cp": False},
        ["model['stages'] = model['stages'][:1] + (dict(model['stages'][1], cp=False),)"],
    ),
    # YAML
    Case(
        "YAML, not bound",
        "_base_: ./base.py\nother: 1\n",
        {**CP, "model.neck.lr": 1e-05, "find_unused_parameters": False},
        [
            "find_unused_parameters: false",
            "model:",
            "  backbone:",
            "    with_cp: false",
            "  neck:",
            "    _delete_: true",
            "    lr: 1.0e-05",
        ],
        file="leaf.yaml",
    ),
    Case(
        "YAML, list of the base",
        "_base_: ./base.json\n",
        {"model.heads[0].cp": False},
        ["model:", "  heads:", "  - cp: false", "  - cp: true"],
        file="leaf.yml",
    ),
]

EXTRA = {
    "base.json": '{"model": {"backbone": {"with_cp": true}, "heads": [{"cp": true}, {"cp": true}]}}',
    "wrapped.py": "model_wrapper_cfg = dict(type='W', find_unused_parameters=True)\n",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_statement(case: Case, tmp_path: Path, verifier: Verifier) -> None:
    write_files(tmp_path, {"base.py": case.base, case.file: case.text, **EXTRA})
    assert patch_and_check(tmp_path / case.file, overrides_of(case.overrides), verifier) == case.expected


class Refusal(NamedTuple):
    name: str
    text: str
    overrides: Dict[str, Any]
    message: str
    file: str = "leaf.py"


REFUSALS = [
    Refusal(
        "placeholder on the way",
        "_base_ = './base.py'\nmodel = dict(teacher={{ _base_.model }})\n",
        {"model.teacher.backbone.with_cp": False},
        r"model\.teacher is a \{\{ _base_ \}\} reference.*--overlay",
    ),
    Refusal(
        "number on the way", "model = dict(a=1)\n", {"model.a.b": 2}, r"model\.a is 1, so model\.a\.b cannot"
    ),
    Refusal("past the end of a list", "a = [1]\n", {"a[1]": 2}, "a is a list of 1; it has no element 1"),
    Refusal("a list that is not there", "a = 1\n", {"b[0]": 2}, "b is not set, so it has no element 0"),
    Refusal("JSON", '{"a": 1}', {"a": 2}, "nothing can be appended to a JSON file.*--overlay", "leaf.json"),
    Refusal("YAML that binds the key", "a:\n  b: 1\n", {"a.b": 2}, "sets 'a' itself.*--overlay", "leaf.yaml"),
    Refusal("YAML in flow style", "{a: 1}\n", {"b": 2}, "not a block of keys.*--overlay", "leaf.yaml"),
    Refusal("YAML that ends its document", "a: 1\n...\n", {"b": 2}, "not a block of keys", "leaf.yaml"),
    Refusal("reserved name", "a = 1\n", {"filename": 2}, "'filename' cannot be set"),
    Refusal("name that is dropped", "a = 1\n", {"__a": 2}, "'__a' cannot be set"),
    Refusal("the bases", "a = 1\n", {"_base_": "x.py"}, "'_base_' cannot be set"),
    Refusal("not a name", "a = 1\n", {"a-b": 2}, "'a-b' cannot be set"),
    Refusal(
        "_delete_ in the value",
        "a = 1\n",
        {"b": {"_delete_": True}},
        "_delete_ in .* is an order to MMEngine",
    ),
    Refusal(
        "unreadable value on the way",
        "_base_ = './base.py'\nimport os\na = os.stat('.')\n",
        {"a.b": 1},
        "cannot see inside a",
    ),
    Refusal("no literal", "a = 1\n", {"a": object()}, "cannot be written as text"),
    Refusal("half a block", "a = 1\n# <<< mmfix <<<\n", {"a": 2}, "block in this file is damaged"),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name)
def test_refusal(case: Refusal, tmp_path: Path) -> None:
    write_files(tmp_path, {"base.py": BASE, case.file: case.text})
    document, reader = load(tmp_path / case.file)
    with pytest.raises(PatchError, match=case.message) as caught:
        plan(document, overrides_of(case.overrides), reader)
    assert caught.value.path == str(tmp_path / case.file)
    assert "\n" not in str(caught.value)


def test_base_list_with_a_class_in_it_cannot_be_written_out(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {"base.py": "heads = [dict(cp=True, kind=int)]\n", "leaf.py": "_base_ = './base.py'\n"},
    )
    document, reader = load(tmp_path / "leaf.py")
    with pytest.raises(PatchError, match="heads comes from a base and would have to be written out whole"):
        plan(document, overrides_of({"heads[0].cp": False}), reader)
