"""``find_unused_parameters`` as the configs say it: the repository's own training script passes the key on.

A default of True becomes False; a constant, or nothing, becomes the key of the config. Which argument it is,
is decided in ``remedies/script_argument.py``.
"""

from __future__ import annotations

from typing import Dict, List, Sequence

import libcst as cst

from mmfix.codemods.arguments import argument_edit
from mmfix.codemods.codemod import Case, Codemod, NodeEdit
from mmfix.codemods.source import Sources
from mmfix.findings import CodeSpot
from mmfix.remedies.own_code import Refused
from mmfix.remedies.script_argument import passed
from mmfix.wording import say


def edits(spots: Sequence[CodeSpot], sources: Sources, refused: List[Refused]) -> Dict[cst.CSTNode, NodeEdit]:
    """What is changed for the lines that decide the argument; what cannot be is appended to ``refused``."""
    found: Dict[cst.CSTNode, NodeEdit] = {}
    for one in passed(spots, sources.files, refused):
        source = sources.of(one.code)
        call = source.call(one.call)
        found[call] = argument_edit(source, call, one.argument, one.value)
    return found


def _case(name: str, text: str, refused: str = "") -> Case:
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return Case(name, f"def train_model(model, cfg):\n{lines}", refused)


_KEY = "cfg.get('find_unused_parameters', False)"
_COMPUTED = "what becomes find_unused_parameters is computed"

_CASES = (
    _case("a default", "fup = cfg.get('find_unused_parameters', [-True-][+False+])  # <-"),
    _case("a default by its name",
          "fup = cfg.get('find_unused_parameters', default=[-True-][+False+])  # <-"),
    _case("by getattr", "fup = getattr(cfg, 'find_unused_parameters', [-True-][+False+])  # <-"),
    _case("in the call", """\
model = DDP(
    model.cuda(),
    find_unused_parameters=cfg.get('find_unused_parameters', [-True-][+False+]))  # <-
"""),
    _case("a constant", f"""\
model = MMDistributedDataParallel(
    model.cuda(),
    find_unused_parameters=[-True-][+{_KEY}+],  # <-
    broadcast_buffers=False)
"""),
    _case("nothing", f"""\
model = MMDistributedDataParallel(model.cuda(), device_ids=[cfg.gpu][+,
                                  find_unused_parameters={_KEY}+])  # <-
"""),
    Case("a config of another name", """\
def main():
    config = Config.fromfile(path)
    init(config.launcher)
    model = DDP(model, find_unused_parameters=[-True-][+config.get('find_unused_parameters', False)+])  # <-
"""),
    _case("it is so already", "fup = cfg.get('find_unused_parameters', False)  # <-"),
    _case("a default that is computed", "fup = cfg.get('find_unused_parameters', args.fup)  # <-",
          "the default of find_unused_parameters is computed"),
    _case("options from elsewhere", "model = DDP(model, **options)  # <-",
          "find_unused_parameters may be in what ** hands on"),
    _case("a variable", "model = DDP(model, find_unused_parameters=fup)  # <-", _COMPUTED),
    _case("set in the config", "cfg.setdefault('find_unused_parameters', True)  # <-", _COMPUTED),
    Case("no config", "def wrap(model):\n    return DDP(model)  # <-\n",
         "which name the config has here is not known"),
)  # fmt: skip

CODEMOD = Codemod("training-script", say("find_unused_parameters as the config says it"), _CASES, edits)
