"""Every gradient checkpoint a config turns on."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

from mmfix.config.document import ConfigDocument
from mmfix.config.keypath import KeyPath
from mmfix.training.activation import activation_sites
from mmfix.training.checkpoints_in_code import with_code
from mmfix.training.dropped_switches import without_dropped
from mmfix.training.freezing import is_frozen
from mmfix.training.parts import Part
from mmfix.training.reading import CodeReading
from mmfix.training.switches import WELL_KNOWN, is_on, is_on_as_text, off_value, suggests_reentrant
from mmfix.training.table import Switch, select, switches
from mmfix.training.types import CheckpointSite
from mmfix.wording import say

# Parameters a class passes its switch to only under another key: mmdet 3.3.0
# mmdet/models/dense_heads/atss_vlfusion_head.py:243 builds VLFuse under `early_fuse` alone.
_NEEDS = {("ATSSVLFusionHead", "use_checkpoint"): "early_fuse"}

_ALWAYS_ON = "type"


def checkpoint_sites(
    document: ConfigDocument,
    parts: List[Part],
    era: str,
    runner: str,
    unknown: List[str],
    code: Optional[CodeReading],
) -> Tuple[CheckpointSite, ...]:
    """Checkpoints that are on, in the order of the model tree; unreadable switches are in ``unknown``."""
    sites: List[CheckpointSite] = []
    for part in parts:
        sites.extend(_sites_of(part, parts[0].node, era))
    if code is not None:
        sites = list(without_dropped(with_code(sites, parts, code), document, code))
    if runner == "Runner":
        sites.extend(activation_sites(document, parts, unknown))
    return tuple(sites)


def _sites_of(part: Part, model: Any, era: str) -> List[CheckpointSite]:
    table = switches(part.name)
    sites = []
    for key in [*table, *(key for key in part.node if key in WELL_KNOWN and key not in table)]:
        rows = select(table[key], part.package, era) if key in table else ()
        site = _site(part, key, rows)
        if site is None or (site.guarded is True and is_frozen(part, model)):
            continue  # guarded by `x.requires_grad`: off in a part that is frozen as a whole
        sites.append(site)
    return sites


def _site(part: Part, key: str, rows: Tuple[Switch, ...]) -> Optional[CheckpointSite]:
    path: KeyPath = (*part.path, key)
    if key == _ALWAYS_ON:
        return _made(part, path, True, True, None, rows)
    default = _default(rows)
    in_config = key in part.node
    value = part.node[key] if in_config else default
    on = is_on(value) or (key != "num_cp" and is_on_as_text(value, bool(rows)))
    if not on or (rows and not any(row.used for row in rows)):
        return None
    needed = _NEEDS.get((part.name or "", key))
    if needed is not None and not part.node.get(needed):
        return None
    return _made(part, path, value, in_config, off_value(value, default), rows)


def _made(
    part: Part, path: KeyPath, value: Any, in_config: bool, off: Any, rows: Tuple[Switch, ...]
) -> CheckpointSite:
    used = [row for row in rows if row.used]
    if not used:
        return CheckpointSite(
            key=path, value=value, in_config=in_config, off=off, type_name=part.label,
            reentrant=suggests_reentrant(str(path[-1])), guarded=None,
            evidence=say("the name of the key {key}", key=path[-1]), known=False,
            counts_layers=type(value) is int or path[-1] == "num_cp",
        )  # fmt: skip
    return CheckpointSite(
        key=path, value=value, in_config=in_config, off=off, type_name=part.label,
        reentrant=_agreed([row.reentrant for row in used]), guarded=_agreed([row.guarded for row in used]),
        evidence=used[0].evidence, known=True, counts_layers=any(type(row.default) is int for row in used),
    )  # fmt: skip


def _default(rows: Tuple[Switch, ...]) -> Any:
    """The class default; on only if every package that can be meant agrees."""
    defaults = [row.default for row in rows]
    off = [default for default in defaults if not is_on(default)]
    return (off or defaults or [None])[0]


def _agreed(values: List[Optional[bool]]) -> Optional[bool]:
    return values[0] if len(set(values)) == 1 else None
