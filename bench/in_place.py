"""Values changed in place, in every leaf of two zoos and in bases with all their heirs. Writes its table into docs/in_place.md.

    python bench/in_place.py [--only leaves|bases] [--leaves N] [--keys N] [--bases N] [--loader N] [--write docs/in_place.md]

Each known value that a leaf config sets itself gets another one, by itself: is the literal changed in place, and does mmfix's own reading find
that and nothing else; does a second run change nothing; does undo restore every byte, also below lines that came since? MMEngine's loader is
asked for every Nth (`--loader N`). The same for values of bases (one of each): every config that inherits the base is read with the old base
and with the new one. Without N, all leaves, all their values, and 200 bases are taken, which takes half an hour. Nothing in the zoos is written.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests")]

from mmfix.config.document import ConfigDocument  # noqa: E402
from mmfix.config.family import bases_of, dependants_of, walk  # noqa: E402
from mmfix.config.keypath import KeyPath, format_key  # noqa: E402
from mmfix.config.origin import Unknown  # noqa: E402
from mmfix.config.reader import Reader  # noqa: E402
from mmfix.config.values import LazyName  # noqa: E402
from mmfix.errors import ConfigError, MmfixError, PatchError  # noqa: E402
from mmfix.findings import Override  # noqa: E402
from mmfix.patches import Verifier, changes_with, planned, reread, take_out  # noqa: E402
from mmfix.training import era, is_trainable  # noqa: E402
from sections import put  # noqa: E402
from wheels import unpack_zoo  # noqa: E402

HEADING, OF_BASES = "## Measured", "## Bases, measured"
ZOOS = {"mmdet-3.3.0": "mmdet/.mim/configs", "mmsegmentation-1.2.2": "mmseg/.mim/configs"}
#: What is wrong, if it happens.
FAULTS = ("not verified", "not repeatable", "not undone", "loader disagrees")


def values(tree: Any, path: KeyPath = ()) -> Iterator[Tuple[KeyPath, Any]]:
    """Every known value of a config that holds no others."""
    items: Any = ()
    if isinstance(tree, dict):
        items = ((key, item) for key, item in tree.items() if isinstance(key, str) and key != "_delete_")
    elif isinstance(tree, (list, tuple)):
        items = enumerate(tree)
    for key, item in items:
        if isinstance(item, (dict, list, tuple)):
            yield from values(item, (*path, key))
        elif not isinstance(item, (Unknown, LazyName)) and not (not path and str(key).startswith("_")):
            yield (*path, key), item


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1 if abs(value) < 1e9 else 0
    return f"{value}_new" if isinstance(value, str) else 1


def own(document: ConfigDocument) -> List[Override]:
    """For each value that the file itself sets, another one."""
    return [
        Override(key, other(value), "forced")
        for key, value in values(document.tree)
        if getattr(document.origin(key), "path", None) == document.path
    ]


def fault(document: ConfigDocument, override: Override, data: bytes, reader: Reader) -> str:
    """What is wrong with a patch that changes one value in place; empty if nothing is."""
    try:
        reread(document, data, [override], reader)
    except PatchError:
        return "not verified"
    again = reader.load(document.path, text=data.decode("utf-8"))
    if planned(again, [override], reader, in_place=True).data != data:
        return "not repeatable"
    before = document.text.encode("utf-8")
    for head in (b"", b"# a line that came since\n\n"):
        found = take_out(head + data, document.path, reader)
        if found is None or found.left or found.data != head + before:
            return "not undone"
    return ""


class Count(Counter):  # type: ignore[type-arg]
    """How often each thing happened; faults are printed."""

    def note(self, what: str, where: str) -> None:
        """One more."""
        self[what] += 1
        if what in FAULTS:
            print(f"{what}: {where}", flush=True)


def in_leaf(
    path: str, keys: Optional[int], rng: Random, loader: int, verifier: Verifier, count: Count
) -> None:
    """Change each value of a leaf config, or some of them."""
    reader = Reader()
    document = reader.load(path)
    overrides = own(document)
    count["leaves"] += 1
    for override in overrides if keys is None else rng.sample(overrides, min(keys, len(overrides))):
        where = f"{path} {format_key(override.key)}"
        count["values"] += 1
        try:
            made = planned(document, [override], reader, in_place=True)
        except PatchError as error:
            count["refused"] += 1
            print(f"refused: {where}: {error.message}", flush=True)
            continue
        if made.elsewhere:
            count["appended"] += 1
            reason = made.elsewhere[0].reason
            count[f"appended: {'the same text sets others, too' if reason.endswith('too') else reason}"] += 1
            continue
        count["in place"] += 1
        wrong = fault(document, override, made.data, reader)
        if not wrong and count["in place"] % loader == 0:
            count["by the loader"] += 1
            try:
                verifier.verify(document, made.data, [override], reader, era=era(document))
            except PatchError as error:
                wrong, where = "loader disagrees", f"{where}: {error}"
        count.note(wrong or "right", where)


def in_base(
    base: str,
    among: Sequence[str],
    reader: Reader,
    rng: Random,
    loader: int,
    verifier: Verifier,
    count: Count,
) -> bool:
    """Change one value of a base, and look at all that inherit it; False where the base has no literal of its own."""
    document = reader.load(base)
    overrides = own(document)
    rng.shuffle(overrides)
    for override in overrides:
        try:
            made = planned(document, [override], reader, in_place=True)
        except PatchError:
            continue
        if not made.elsewhere:
            break
    else:
        return False
    where = f"{base} {format_key(override.key)}"
    count["bases"] += 1
    wrong = fault(document, override, made.data, reader)
    then = Reader(texts={base: made.data.decode("utf-8")})
    confirmed, exact = 0, True
    for path in dependants_of([base], reader, among=among):
        try:
            before, after = reader.load(path), then.load(path)
        except MmfixError:
            continue
        if not is_trainable(before):
            continue
        changed, beside = changes_with(before, after, [override])
        if beside is not None:
            count["heirs in which more would change"] += 1
            exact = False
            continue
        count["heirs that change exactly so" if changed else "heirs that do not change"] += 1
        if confirmed < loader:
            confirmed += 1
            count["heirs by the loader"] += 1
            texts = {base: document.text.encode("utf-8")}, {base: made.data}
            try:
                verifier.verify_heir(before, *texts, changed, era(before))
            except PatchError as error:
                if "patched or not" in str(error):
                    count["heirs that MMEngine cannot load as they are"] += 1
                else:
                    wrong, where = "loader disagrees", f"{path}: {error}"
    count["changed bases" if exact else "refused bases"] += 1
    count.note(wrong or "bases without fault", where)
    return True


def leaves_and_bases(folder: Path, reader: Reader) -> Tuple[List[str], List[str], List[str]]:
    """The configs of a zoo, those that can be trained, and the files that they inherit."""
    paths = list(walk(str(folder)))
    leaves, bases = [], set()
    for path in paths:
        try:
            bases |= {base for base in bases_of(reader.source(path)) if os.path.isfile(base)}
            document = reader.load(path)
        except ConfigError:
            continue
        if is_trainable(document) and not document.missing:
            leaves.append(path)
    return paths, leaves, sorted(bases)


def row(name: str, count: Count) -> str:
    faults = sum(count[each] for each in FAULTS)
    cells = (
        name,
        *(f"{count[each]:,}" for each in ("leaves", "values", "in place", "by the loader")),
        faults,
    )
    return f"| {' | '.join(map(str, cells))} | {count['appended'] + count['refused']:,} |"


def base_row(name: str, count: Count) -> str:
    kinds = ("heirs that change exactly so", "heirs that do not change", "heirs in which more would change")
    counts = [f"{count[each]:,}" for each in ("bases", *kinds, "heirs by the loader")]
    return f"| {name} | {' | '.join(counts)} | {sum(count[each] for each in FAULTS)} |"


def of_leaves(found: Dict[str, Count], command: str) -> str:
    why: Counter[str] = Counter()
    for leaves in found.values():
        why.update({each[10:]: number for each, number in leaves.items() if each.startswith("appended: ")})
    reasons = "; ".join(f"{reason} {number:,}" for reason, number in why.most_common(6))
    return "\n".join(
        [
            f"{HEADING}\n",
            "Known values that leaf configs set themselves, each changed to another one of its kind, by itself. Verified by mmfix's own reading; a second",
            "run changes nothing; undo restores every byte, also below lines that came since. *By the loader*: also confirmed by MMEngine. *Faults*: one of",
            f"these does not hold. Made by `{command}`.\n",
            "| zoo | leaves | values | changed in place | by the loader | faults | appended |",
            "|---|---|---|---|---|---|---|",
            *(row(name, count) for name, count in found.items()),
            f"\nWhy a value is appended: {reasons}.",
        ]
    )


def of_bases(found: Dict[str, Count], command: str) -> str:
    unloaded = sum(count["heirs that MMEngine cannot load as they are"] for count in found.values())
    return "\n".join(
        [
            f"{OF_BASES}\n",
            "One value of each of some bases, with every config that inherits it. Where more would change in one of these, `--edit-base` leaves the base alone.",
            f"{unloaded} heirs are left out that MMEngine cannot load as they are. Made by `{command}`.\n",
            "| zoo | bases | heirs that change in this value alone | that set it themselves | in which more would change | by the loader | faults |",
            "|---|---|---|---|---|---|---|",
            *(base_row(name, count) for name, count in found.items()),
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("leaves", "bases"))
    parser.add_argument("--leaves", type=int, help="of each zoo; all without it")
    parser.add_argument("--keys", type=int, help="values of each leaf; all without it")
    parser.add_argument("--bases", type=int, default=100, help="of each zoo")
    parser.add_argument(
        "--loader", type=int, default=20, help="ask MMEngine for one value in N, and for N heirs of a base"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, metavar="FILE")
    options = parser.parse_args()
    leaf_counts: Dict[str, Count] = {name: Count() for name in ZOOS if options.only != "bases"}
    base_counts: Dict[str, Count] = {name: Count() for name in ZOOS if options.only != "leaves"}
    with Verifier() as verifier:
        for name, configs in ZOOS.items():
            rng, start = Random(options.seed), time.perf_counter()
            reader = Reader()
            paths, leaves, bases = leaves_and_bases(unpack_zoo(name) / configs, reader)
            if name in leaf_counts:
                many = len(leaves) if options.leaves is None else min(options.leaves, len(leaves))
                for path in rng.sample(leaves, many):
                    in_leaf(path, options.keys, rng, options.loader, verifier, leaf_counts[name])
            if name in base_counts:
                changed = 0
                for base in rng.sample(bases, len(bases)):
                    if changed < options.bases:
                        changed += in_base(
                            base, paths, reader, rng, options.loader, verifier, base_counts[name]
                        )
            print(name, f"{time.perf_counter() - start:.0f} s", flush=True)
            print(leaf_counts.get(name), base_counts.get(name), sep="\n", flush=True)
    given = [word for word in sys.argv[1:] if word != "--write" and not word.endswith(".md")]
    command = " ".join(["python bench/in_place.py", *given, "--write docs/in_place.md"])
    for heading, counts, text_of in ((HEADING, leaf_counts, of_leaves), (OF_BASES, base_counts, of_bases)):
        if counts:
            print(text_of(counts, command))
            if options.write:
                put(options.write, heading, text_of(counts, command))
    return int(
        any(each[fault] for each in (*leaf_counts.values(), *base_counts.values()) for fault in FAULTS)
    )


if __name__ == "__main__":
    sys.exit(main())
