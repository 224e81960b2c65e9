"""Which parameter has index N: what mmfix reads from source, against models built with real torch.

    python bench/parameter_order.py [--configs N | --only CONFIG...] [--output FILE] --packages PACKAGE...
    python bench/parameter_order.py --from FILE... --write docs/accuracy.md

PACKAGE is mmdet, mmseg or mmpretrain as installed, with the Python part of mmcv (`mmcv-lite` will do): of mmcv >= 2, or of
mmcv 1.x with mmdet 2, mmsegmentation 0 and mmcls. From each folder of its configs, N (1; 0: all) are
taken, evenly spread. The truth is `[name for name, p in model.named_parameters() if p.requires_grad]` of the built
model, after `init_weights()` in the mmcv 1.x era, where it comes before the wrap. Models are built on torch's `meta`
device, which has shapes and no memory; on the CPU if they cannot be. No weights are loaded.

--only    these configs, as paths below the package's `configs`
--output  one JSON object: config -> what came out (equal, none, DIFFERENT, not built) and why
--write   replace the section in this document by one made of such files
"""

from __future__ import annotations

import argparse
import copy
import importlib
import json
import logging
import re
import sys
import traceback
import warnings
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from sections import put

HEADING = "## Which parameter has index N"
BEFORE = "## What is rehearsed"
EQUAL, NONE, DIFFERENT, NOT_BUILT = "equal", "none", "DIFFERENT", "not built"


def real_order(path: str) -> Tuple[str, ...]:
    """The names that DDP would count, of the model of a config."""
    import torch

    from mmfix.prove.inputs.pretrained import without_pretrained

    config, build = _mmcv1(path) if _is_mmcv1() else _mmengine(path)
    without_pretrained(config)
    try:
        with torch.device("meta"):
            model = build(copy.deepcopy(config))
    except Exception:
        model = build(config)
    return tuple(name for name, parameter in model.named_parameters() if parameter.requires_grad)


def _is_mmcv1() -> bool:
    return importlib.import_module("mmcv").__version__.startswith("1.")


def _mmengine(path: str) -> Any:
    from mmengine.config import Config
    from mmengine.registry import MODELS

    from gradients import prepare

    config = Config.fromfile(path)
    prepare(config.get("default_scope", "mmengine"))
    if config.get("data_preprocessor"):  # mmengine/runner/runner.py: Runner.__init__
        config.model.setdefault("data_preprocessor", config.data_preprocessor)
    return config, lambda config: MODELS.build(config.model)


def _mmcv1(path: str) -> Any:
    from mmcv import Config

    from mmfix.prove.mmcv1_packages import package_of

    config = Config.fromfile(path)

    def build(config: Any) -> Any:
        package = package_of(config.model.type)
        function = getattr(importlib.import_module(f"{package.name}.models"), package.builder.function)
        cfgs = {"train_cfg": config.get("train_cfg"), "test_cfg": config.get("test_cfg")}
        model = function(config.model, **(cfgs if package.builder.takes_cfgs else {}))
        model._dump_init_info = lambda *_args: None
        model.init_weights()
        return model

    return config, build


def compare(path: str) -> Dict[str, Any]:
    """What became of one config."""
    from mmfix.config.reader import Reader
    from mmfix.training.parameters import order_or_reason

    order, reason = order_or_reason(Reader().load(path))
    try:
        real = real_order(path)
    except Exception:
        return {"result": NOT_BUILT, "why": traceback.format_exc().strip().splitlines()[-1][:300]}
    if order is None:
        return {"result": NONE, "why": reason, "parameters": len(real)}
    if order == real:
        return {"result": EQUAL, "parameters": len(real)}
    first = next((pair for pair in enumerate(zip(real, order)) if pair[1][0] != pair[1][1]), "length")
    return {"result": DIFFERENT, "why": f"{len(real)} are {len(order)}; {first}", "parameters": len(real)}


def chosen(package: str, count: int, only: Sequence[str] = ()) -> List[str]:
    """Trainable configs of a package, ``count`` of each folder (0: all), or ``only`` these."""
    from mmfix.config.family import walk
    from mmfix.config.reader import Reader
    from mmfix.errors import ConfigError
    from mmfix.training import is_trainable

    root = Path(importlib.import_module(package).__file__).parent / ".mim" / "configs"
    if only:
        return [str(root / name) for name in only if (root / name).is_file()]
    reader = Reader()
    folders: Dict[str, List[str]] = defaultdict(list)
    for path in sorted(walk(str(root))):
        folders[str(Path(path).parent.relative_to(root))].append(path)
    found: List[str] = []
    for paths in folders.values():
        leaves = []
        for path in paths:
            try:
                if is_trainable(reader.load(path)):
                    leaves.append(path)
            except ConfigError:
                continue
        step = max(1, len(leaves) // count) if count else 1
        found += leaves[::step][: count or None]
    return found


def table(results: Dict[str, Any]) -> List[str]:
    """The rows of the document, a package each, and the reasons for None."""
    counts: Dict[str, Counter] = defaultdict(Counter)
    whys: Counter = Counter()
    for name, result in results.items():
        counts[name.split("/")[0]][result["result"]] += 1
        if result["result"] == NONE:
            whys[re.sub(r" \([\w.]+:\d+\)$", "", result["why"])] += 1
    lines = ["| package | configs built | the same | none, because not certain | different |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for name, count in counts.items():
        built = sum(count.values()) - count[NOT_BUILT]
        share = f"{count[EQUAL]} ({100 * count[EQUAL] / max(built, 1):.0f} %)"
        wrong = f"**{count[DIFFERENT]}**"
        lines.append(f"| {name} | {built} of {sum(count.values())} | {share} | {count[NONE]} | {wrong} |")
    lines += ["", "Why there is none, most frequent first:", ""]
    lines += [f"- {why} ({count})" for why, count in whys.most_common(12)]
    return lines


def section(results: Dict[str, Any]) -> str:
    """The section of docs/accuracy.md."""
    head = f"""{HEADING}

`python bench/parameter_order.py --output FILE --packages PACKAGE...`, then `--from FILE... --write docs/accuracy.md`.
DDP names parameters by index. mmfix reads the list behind these indices from the model's source, and gives none
unless it is certain of all of it. Compared with `named_parameters()` of the model that torch builds from the same config:
one config of each folder.
"""
    return "\n".join([head, *table(results)])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--packages", nargs="+", default=[], metavar="PACKAGE")
    parser.add_argument("--configs", type=int, default=1)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--output", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--from", type=Path, nargs="+", default=[], dest="sources")
    options = parser.parse_args()
    results: Dict[str, Any] = {}
    for source in options.sources:
        results.update(json.loads(source.read_text(encoding="utf-8")))
    if options.packages:
        from mmfix.prove import ops

        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        ops.install()
    for package in options.packages:
        version = importlib.import_module(package).__version__
        for path in chosen(package, options.configs, options.only):
            name = f"{package} {version}/{Path(path).as_posix().partition('/.mim/configs/')[2]}"
            results[name] = compare(path)
            print(name, results[name], file=sys.stderr, flush=True)
            if options.output:
                options.output.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print("\n".join(table(results)))
    if options.write:
        put(options.write, HEADING, section(results), BEFORE)


if __name__ == "__main__":
    main()
