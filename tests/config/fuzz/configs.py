"""Write whole configs: alone, with bases, classic and lazy."""

from __future__ import annotations

import copy
import sys
from random import Random
from typing import Any, Dict, List, Mapping, Set

from mmengine.config import ConfigDict

from fuzz.case import Case
from fuzz.expand import Writer
from fuzz.expressions import EXPRESSIONS
from fuzz.statements import statements
from fuzz.worlds import Worlds, kind_of

GRAMMARS = ("alone", "classic", "lazy")

#: What a file may import anywhere without becoming a lazy config.
BUILTIN = {"sys", "time", "itertools"} & set(sys.builtin_module_names)
#: What it may import below its `_base_`.
AFTER_BASE = {
    *BUILTIN,
    "os",
    "random",
    "copy",
    "math",
    "functools",
    "collections",
    "contextlib",
    "itertools",
}
#: How often the run is asked, and how often that is chosen.
UNKNOWN_WEIGHTS = [0.0, 0.0, 0.0, 0.05, 0.2, 1.0]


def grammar_case(grammar: str, seed: int) -> Case:
    """The config of that grammar and seed; the same one always."""
    rng = Random(f"{grammar}-{seed}")
    unknown = rng.choice(UNKNOWN_WEIGHTS)
    if grammar == "alone":
        writer = new_writer(rng, {}, unknown, BUILTIN)
        _body(writer, rng.randint(3, 10))
        files = {"c.py": text_of(writer)}
    elif grammar == "classic":
        files = _family(rng, unknown)
    else:
        files = _lazy(rng, unknown)
    return Case(grammar, str(seed), files)


def new_writer(
    rng: Random, start: Mapping[str, Any], unknown: float, imports: Set[str], after_base: bool = False
) -> Writer:
    # the modules that a file names are there before its first line; see `text_of`
    return Writer(
        rng,
        Worlds(start, "".join(f"import {name}\n" for name in sorted(imports))),
        EXPRESSIONS,
        statements(with_statement=after_base),
        unknown,
        {*imports, ""},
    )


def _body(writer: Writer, count: int) -> None:
    writer.add("<new> = <dict>")
    writer.add("model = dict(type='R', backbone=<dict>, neck=<any>)")
    for _ in range(count):
        writer.statement()
    _result(writer)


def _result(writer: Writer) -> None:
    """A last line that uses what was written, and no leftover that a config cannot hold (mostly)."""
    writer.add("model = dict(a=<path:any>, b=<path:any>, c=<path:any>)")
    odd = [name for name, value, _ in writer.worlds.names() if kind_of(value) in (None, "class")]
    for name in odd:
        if name not in writer.imports and name != "_base_" and writer.rng.random() < 0.9:
            writer.worlds.add(f"del {name}")


def text_of(writer: Writer) -> str:
    """The file, with the imports that it needs on top."""
    body = "\n".join(writer.worlds.lines) + "\n"
    needed = [name for name in sorted(writer.imports) if name and f"{name}." in body]
    return "".join(f"import {name}\n" for name in needed) + body


def _values(writer: Writer) -> Dict[str, Any]:
    """What a base hands on: the same in both worlds, for guidance only."""
    return {
        name: value
        for name, value, _ in writer.worlds.names()
        if name != "_base_" and kind_of(value) not in (None, "class", "function")
    }


def config_dict(values: Mapping[str, Any]) -> Any:
    try:
        return ConfigDict(copy.deepcopy(dict(values)))
    except Exception:
        return ConfigDict()


def _family(rng: Random, unknown: float) -> Dict[str, str]:
    """A child and one or two bases."""
    files: Dict[str, str] = {}
    base: Dict[str, Any] = {}
    levels = rng.choice([1, 1, 2])
    for level in range(levels, -1, -1):
        name = "c.py" if level == 0 else f"b{level}.py"
        head = (
            ""
            if level == levels
            else f"_base_ = {rng.choice([repr(f'b{level + 1}.py'), repr([f'./b{level + 1}.py'])])}\n"
        )
        has_base = bool(head)
        start = {"_base_": config_dict(base)} if has_base else {}
        writer = new_writer(
            rng,
            start,
            unknown if level == 0 else unknown / 4,
            AFTER_BASE if has_base else BUILTIN,
            has_base,
        )
        if has_base:
            for template in rng.sample(INHERIT, 2):
                writer.add(template)
        _body(writer, rng.randint(1, 6))
        for conflict in [
            key for key, value in _values(writer).items() if key in base and _conflicts(base[key], value)
        ]:
            writer.worlds.add(f"del {conflict}")
        files[name] = head + text_of(writer)
        base = _merged(base, _values(writer))
    return {name: files[name] for name in sorted(files, key=lambda name: (name != "c.py", name))}


INHERIT = [
    "model = dict(backbone=dict(with_cp=<bool>))", "model = dict(_delete_=True, type=<word>, neck=<any>)",
    "model = dict(backbone=dict(_delete_=True, depth=<lit>))", "lr = <any>", "<new> = _base_.model", "<new> = dict(**_base_.model)",
    "<new> = _base_['model'].copy()", "_base_.model.backbone['with_cp'] = <bool>", "<new> = _base_.get('lr', <any>)",
    "model = dict(**_base_.model, q=<any>)", "_base_.model.update(dict(neck=<any>))", "<new> = _base_.model.get('backbone')",
    "_base_.pop('lr', None)", "<new> = [_base_.model, _base_.model]", "import copy\n<new> = copy.deepcopy(_base_.model)",
    "<new> = {k: v for k, v in _base_.items() if k != 'model'}", "(_base_.model if <U> else {})['with_cp'] = <bool>",
    "for <own> in [_base_.model]:\n    <$0>.update(a=<any>)", "_base_.model.setdefault('neck', <dict>)", "del _base_.model['type']",
]  # fmt: skip


def _conflicts(base: Any, own: Any) -> bool:
    """Whether MMEngine refuses to merge them."""
    if not isinstance(own, dict) or own.get("_delete_"):
        return False
    return not isinstance(base, dict) or any(_conflicts(base[key], own[key]) for key in own if key in base)


def _merged(base: Dict[str, Any], own: Dict[str, Any]) -> Dict[str, Any]:
    result = dict(base)
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merged(result[key], {k: v for k, v in value.items() if k != "_delete_"})
        else:
            result[key] = value
    return result


def _lazy(rng: Random, unknown: float) -> Dict[str, str]:
    base = new_writer(rng, {}, unknown / 4, BUILTIN)
    _body(base, rng.randint(2, 6))
    values = {name: value for name, value in config_dict(_values(base)).items() if not name.startswith("_")}
    lines = ["from mmengine.config import read_base"]
    start: Dict[str, Any] = {}
    if rng.random() < 0.5:
        lines += ["from mmdet.models import RetinaNet", "import torch.nn as nn"]
    names = list(values)
    if rng.random() < 0.7 or not names:
        lines += ["with read_base():", "    from .b import *"]
        start.update(values)
    else:
        chosen = rng.sample(names, min(len(names), 3))
        renamed = {name: rng.choice([name, f"{name}_0"]) for name in chosen}
        lines += ["with read_base():"]
        lines += [f"    from .b import {', '.join(f'{old} as {new}' for old, new in renamed.items())}"]
        start.update({new: values[old] for old, new in renamed.items()})
    writer = new_writer(rng, start, unknown, BUILTIN)
    for template in rng.sample(_LAZY, 2):
        writer.add(template)
    _body(writer, rng.randint(2, 7))
    if "    from" in lines[-1] and "RetinaNet" in "".join(lines):
        extra: List[str] = [
            rng.choice(["model['type'] = RetinaNet", "act = dict(type=nn.ReLU, x=[RetinaNet])"])
        ]
    else:
        extra = []
    return {"c.py": "\n".join([*lines, text_of(writer), *extra]) + "\n", "b.py": text_of(base)}


_LAZY = [
    "model.update(dict(backbone=dict(with_cp=<bool>)))", "model.merge(dict(neck=<dict>, _delete_=<bool>))", "model.backbone.with_cp = <bool>",
    "model.backbone['depth'] = <any>", "<new> = model.copy()", "model = dict(a=model)", "<new> = model.backbone\n<$0>.update(a=<any>)",
    "model.pop('neck')", "<new> = model.pop('zz')", "<new> = model.setdefault('zz', [])\n<$0>.append(1)", "<new> = model.get('neck', <any>)",
    "<new> = model | {'a': 1}", "<new> = {**model, 'b': <any>}", "model.new = [<dict>]\nmodel.new[0]['a'] = <any>", "del model['type']",
]  # fmt: skip
