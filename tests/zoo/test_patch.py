"""Promise: a patch changes what it says and nothing else, a second one changes nothing, undo restores bytes.

Every leaf config of mmdet 3.3.0 and mmseg 1.2.2 is given every kind of override the remedies use; every sixth
one in CI, the others before a release.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import pytest
from zoo_helpers import SHARDS, leaves

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.config.reader import Reader
from mmfix.findings import Override
from mmfix.patches import Verifier, plan, undo
from mmfix.training.switches import WELL_KNOWN

pytestmark = pytest.mark.zoo


def switches(value: Any, path: KeyPath) -> Iterator[Tuple[KeyPath, Any]]:
    """Every checkpoint switch written in a tree, and one for each backbone that has none."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in WELL_KNOWN and isinstance(item, (bool, int)):
                yield (*path, key), item
            else:
                yield from switches(item, (*path, key))
        if path[-1] == "backbone" and "with_cp" not in value:
            yield (*path, "with_cp"), False
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            yield from switches(item, (*path, position))


def remedies(document: ConfigDocument) -> Dict[str, List[Override]]:
    """Overrides by remedy, in the direction that changes this config."""
    flips = [
        Override(key, (not value) if isinstance(value, bool) else (-1 if value > 0 else 6), "flip")
        for key, value in switches(document.tree["model"], ("model",))
    ]
    find_unused = document.get(("find_unused_parameters",), False) is not True
    wrapper = {"type": "MMDistributedDataParallel", "static_graph": True, "broadcast_buffers": False}
    return {
        "checkpoint": flips,
        "find-unused": [Override(("find_unused_parameters",), find_unused, "flip")],
        "static-graph": [
            Override(("model_wrapper_cfg", key), value, "wrapper") for key, value in wrapper.items()
        ],
        "non-reentrant": [Override(("custom_imports", "imports"), imports(document), "extend")],
    }


def imports(document: ConfigDocument) -> List[str]:
    present = document.get(("custom_imports", "imports"), [])
    return [*([present] if isinstance(present, str) else present), "mmfix.nonreentrant_checkpoint"]


#: Shards that CI runs, too.
IN_CI = range(0, SHARDS, 6)


@pytest.mark.parametrize(
    "shard",
    [pytest.param(shard, marks=[] if shard in IN_CI else pytest.mark.full) for shard in range(SHARDS)],
)
@pytest.mark.parametrize("name", ["mmdet-3.3.0", "mmsegmentation-1.2.2"])
def test_every_leaf_every_remedy(zoo: Callable[[str], Path], name: str, shard: int) -> None:
    patched = 0
    with Verifier() as verifier:
        for document in leaves(zoo, name, shard, SHARDS):
            original = Path(document.path).read_bytes()
            for remedy, overrides in remedies(document).items():
                if not overrides:
                    continue
                reader = Reader()
                data = plan(document, overrides, reader)
                assert data.startswith(original.rstrip(b"\n")), (remedy, document.path)
                assert data != original, (remedy, document.path)
                verifier.verify(document, data, overrides, reader)
                again = reader.load(document.path, text=data.decode("utf-8"))
                assert plan(again, overrides, reader) == data, (remedy, document.path)
                assert undo(data) == original, (remedy, document.path)
                patched += 1
    assert patched > 100
