"""How many misspellings the rules about what nobody reads (MMF2xx) find, and what they say of untouched configs.

    python bench/nobody_reads.py FOLDER [--each 200] [--seed 1] [--write docs/nobody_reads.md]

FOLDER holds the unpacked releases of `ZOOS` (`~/.cache/mmfix/zoo`, as the tests keep them) and those that they need
beside them. Each misspelling is one line appended to a copy of a leaf config in its own folder: a top-level key under a
wrong name, one argument of a dict that the config has (or of one in a list, which is then restated), a key of a
loader, the name of a default hook, or a type with a slip in it. It counts as found when a finding is at
that key, and as named when the finding has the right word. A wrong name is one slip: a letter left out, doubled, or
swapped with its neighbour. What is found on the untouched configs is counted, and listed in docs/nobody_reads.md.
"""

from __future__ import annotations

import argparse
import ast
import random
import re
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from mmfix.config.dicts import dicts_in
from mmfix.config.document import ConfigDocument, to_plain
from mmfix.config.family import walk
from mmfix.config.keypath import MISSING, KeyPath, format_key
from mmfix.config.reader import Reader
from mmfix.errors import ConfigError
from mmfix.findings import Finding
from mmfix.repository.released_names import every_name
from mmfix.rules import RULES
from mmfix.rules.rule import Wrappers
from mmfix.training import era, is_trainable, read
from mmfix.training.top_level import read_keys

ZOOS = {
    "mmdet-3.3.0": "mmdet",
    "mmdet-2.28.2": "mmdet",
    "mmsegmentation-1.2.2": "mmseg",
    "mmsegmentation-0.30.0": "mmseg",
    "mmpretrain-1.2.0": "mmpretrain",
    "mmpose-1.3.2": "mmpose",
    "mmaction2-1.2.0": "mmaction",
    "mmagic-1.2.0": "mmagic",
}
SOURCES = ("mmengine-0.10.7", "mmcv-lite-2.1.0")
LOADERS = ("train_dataloader", "val_dataloader")
GROUPS = (
    *("top-level keys", "model arguments", "optimizer and schedule", "loaders and datasets", "hooks"),
    "types",
)
_ROOTS = {
    "model": GROUPS[1],
    **dict.fromkeys(("optim_wrapper", "param_scheduler", "train_cfg", "optimizer"), GROUPS[2]),
    **dict.fromkeys((*LOADERS, "data"), GROUPS[3]),
    **dict.fromkeys(("default_hooks", "custom_hooks"), GROUPS[4]),
}
_TOP = (
    *("model", "optim_wrapper", "param_scheduler", "train_dataloader", "val_dataloader", "test_dataloader"),
    *(
        "default_hooks",
        "custom_hooks",
        "train_cfg",
        "val_evaluator",
        "test_evaluator",
        "env_cfg",
        "visualizer",
    ),
    *(
        "optimizer",
        "optimizer_config",
        "lr_config",
        "runner",
        "evaluation",
        "checkpoint_config",
        "log_config",
    ),
    *("load_from", "find_unused_parameters", "work_dir", "auto_scale_lr", "model_wrapper_cfg", "workflow"),
)
_RULES = [rule for rule in RULES if rule.wrappers is Wrappers.ALL]
_MARKS = ("<!-- table -->", "<!-- end of table -->")


class Seed(NamedTuple):
    """One misspelling.

    Attributes:
        group: Of the table.
        key: The key path that it would be at.
        right: The right word.
        at: The key path that a line has to set for it: of a part of a list, that is the list.
        text: What it is set to.
    """

    group: str
    key: KeyPath
    right: str
    at: KeyPath
    text: str

    def line(self, own: str) -> str:
        """The line that is appended to the text of a config."""
        name = str(self.at[0])
        if len(self.at) == 1:
            return f"{name} = {self.text}"
        # a second `model = ...` would drop the first: what the file has of that name is merged by hand
        if re.search(rf"^{name}\s*=", own, re.M):
            return f"{name}{''.join(f'[{part!r}]' for part in self.at[1:])} = {self.text}"
        inner = self.text
        for part in reversed(self.at[1:]):
            inner = f"{{{part!r}: {inner}}}"
        return f"{name} = {inner}"


def slip(word: str, chance: random.Random) -> str:
    """The word with one slip of the keyboard."""
    while True:
        at = chance.randrange(1, len(word))
        kind = chance.randrange(3)
        if kind == 0:
            made = word[:at] + word[at + 1 :]
        elif kind == 1:
            made = word[:at] + word[at] + word[at:]
        else:
            made = word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
        if made != word and made.isidentifier():
            return made


def seeds(document: ConfigDocument, chance: random.Random) -> Iterator[Seed]:
    """Every misspelling that a config can be given, one of each key."""
    known = read_keys(era(document))
    top = [key for key in document.tree if key in _TOP and key in known and document.tree[key] is not None]
    for key in top:
        if not document.blame((key,)) or len(key) < 5:
            continue
        wrong = slip(key, chance)
        if wrong not in document.tree:
            yield Seed(GROUPS[0], (wrong,), key, (wrong,), _plain(document.tree[key]))
    for root, group in _ROOTS.items():
        if root not in known:
            continue
        for path, node in dicts_in(document.tree.get(root), (root,)):
            loader = len(path) == 1 and root in LOADERS
            if "type" not in node and not loader and path != ("default_hooks",):
                continue
            kind = node.get("type")
            if isinstance(kind, str) and kind[:1].isupper() and len(kind) > 3:
                wrong = slip(kind, chance)
                made = _made(document, (*path, "type"), wrong)
                if wrong not in every_name(era(document)) and made is not None:
                    yield Seed(GROUPS[5], (*path, "type"), kind, *made)
            for name, value in node.items():
                plain = isinstance(value, (str, int, float, bool)) or path == ("default_hooks",)
                if name != "type" and len(name) > 3 and plain:
                    wrong = slip(name, chance)
                    made = _made(document, (*path, wrong), value)
                    if wrong not in node and made is not None:
                        yield Seed(group, (*path, wrong), name, *made)


def _made(document: ConfigDocument, key: KeyPath, value: Any) -> Optional[Tuple[KeyPath, str]]:
    """What a line has to set, and to what, for a value to be at a key path; None where that is not plain."""
    first = next((at for at, part in enumerate(key) if isinstance(part, int)), None)
    if first is not None:
        whole = to_plain(document.get(key[:first]))
        node = whole
        for part in key[first:-1]:
            node = node[part]
        node[key[-1]] = to_plain(value)
        key, value = key[:first], whole
    text = repr(to_plain(value))
    with suppress(ValueError, SyntaxError):
        return (key, text) if ast.literal_eval(text) == to_plain(value) else None
    return None


def _plain(value: Any) -> str:
    return (
        "dict(mmfix_seed=1)" if isinstance(value, dict) else "[]" if isinstance(value, list) else repr(value)
    )


def findings(document: ConfigDocument) -> List[Finding]:
    """What the rules that are not about DDP say."""
    setup = read(document, "none")
    return [finding for rule in _RULES for finding in rule.check(setup)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    sys.path[:0] = [str(given.folder / source) for source in SOURCES]
    chance = random.Random(given.seed)
    documents = list(_leaves(given.folder))
    chance.shuffle(documents)
    rows = _measure(documents, given.each, chance)
    lines = ["| group | seeded | found | named |", "|---|---|---|---|"]
    for group in GROUPS:
        row = rows[group]
        lines.append(f"| {group} | {row['seeded']} | {_share(row, 'found')} | {_share(row, 'named')} |")
    print("\n".join(lines))
    if given.write:
        text = given.write.read_text(encoding="utf-8")
        start, end = (re.escape(mark) for mark in _MARKS)
        table = "\n".join([_MARKS[0], *lines, _MARKS[1]])
        given.write.write_text(re.sub(f"{start}.*{end}", table, text, flags=re.S), encoding="utf-8")


def _share(row: Dict[str, int], what: str) -> str:
    return f"{row[what]} ({100 * row[what] // max(row['seeded'], 1)} %)"


def _leaves(folder: Path) -> Iterator[Tuple[Path, Reader]]:
    for zoo, package in ZOOS.items():
        reader = Reader()
        for path in walk(str(folder / zoo / package / ".mim" / "configs")):
            yield Path(path), reader


def _measure(
    documents: List[Tuple[Path, Reader]], each: int, chance: random.Random
) -> Dict[str, Counter[str]]:
    """At most two misspellings of a group from one config, until each group has enough."""
    rows: Dict[str, Counter[str]] = {group: Counter() for group in GROUPS}
    for path, reader in documents:
        if all(row["seeded"] >= each for row in rows.values()):
            break
        try:
            document = reader.load(str(path))
        except ConfigError:
            continue
        if document.kind != "classic" or not is_trainable(document):
            continue
        found = list(seeds(document, chance))
        chance.shuffle(found)
        for group in GROUPS:
            for seed in [one for one in found if one.group == group][:2]:
                if rows[group]["seeded"] < each:
                    _try(path, seed, rows[group])
    return rows


def _try(path: Path, seed: Seed, row: Counter[str]) -> None:
    own = path.read_text(encoding="utf-8")
    line = seed.line(own)
    try:
        document = Reader().load(str(path), text=f"{own}\n{line}\n")
    except ConfigError:
        return
    value = document.get(seed.key)
    if value is MISSING or (seed.key[-1] == "type" and value == seed.right):
        return  # the part lies in a base, and this file sets another part of it
    row["seeded"] += 1
    at = [finding for finding in findings(document) if finding.key == seed.key]
    row["found"] += bool(at)
    named = any(f"Was {seed.right} meant?" in one.message for one in at)
    row["named"] += named
    if not named:
        print(
            "missed" if not at else "not named", path.name, format_key(seed.key), seed.text[:40], flush=True
        )


if __name__ == "__main__":
    main()
