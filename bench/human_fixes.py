"""Commits in which people set `find_unused_parameters=True` themselves: does mmfix ask for it before, and is it quiet after?

    python bench/human_fixes.py find CLONE ...                      > FOUND.jsonl
    python bench/human_fixes.py run CLONES ENVIRONMENT RAW.json [--only OWNER/NAME ...] [--source SRC]
    python bench/human_fixes.py table RAW.json [--before RAW.json] [--write docs/accuracy.md]

A fix is a line `find_unused_parameters=True` that a commit adds to a config which was there before and had none; of several commits for
one config the first counts. `find` lists them from the histories of clones (folders `OWNER+NAME`); `bench/human_fixes.jsonl` is what it has found, with
the era of the repository at that time, and `needs` for what it asks for beyond that. By hand, after reading the source of that time: `idle` says why no parameter of
its models is without a gradient, `broken` why nobody could train that state (a config that was moved before its model, say). `run` unpacks the Python, YAML and JSON files of the state before the
commit and of its own into a temporary folder, and checks up to `--configs` of the configs there, as `bench/field.py` does; and those of the commit with
`False` in that line. RAW.json is kept
outside the repository.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import subprocess
import tarfile
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from field import HERE, extent, shortened, talk
from field_tables import SURE, beside, share, table
from mmfix.rules.common import UNUSED
from sections import ON_DDP, put

HEADING = "## Fixes that people made"
KEPT = HERE / "human_fixes.jsonl"
SET = re.compile(r"[^#]*find_unused_parameters *= *True")
TURNED = re.compile(r"(find_unused_parameters *= *)True")
FILES = ("*.py", "*.json", "*.yml", "*.yaml", "*.toml", "*.cfg")
FAILING = ("error", "warning")
CONFIGS = 6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("find")
    one.add_argument("clones", type=Path, nargs="+")
    two = verbs.add_parser("run")
    two.add_argument("clones", type=Path)
    two.add_argument("environment", type=Path)
    two.add_argument("raw", type=Path)
    two.add_argument("--only", nargs="+", metavar="OWNER/NAME")
    two.add_argument("--source", type=Path, default=HERE.parent / "src", help="the mmfix that is measured")
    two.add_argument("--configs", type=int, default=CONFIGS, help="of one commit")
    two.add_argument("--limit", type=float, default=600, help="seconds for one state")
    three = verbs.add_parser("table")
    three.add_argument("raw", type=Path)
    three.add_argument("--before", type=Path, metavar="RAW", help="what an older mmfix says of the same")
    three.add_argument("--write", type=Path, metavar="FILE", help="replace the section in this file")
    given = parser.parse_args()
    if given.verb == "find":
        for clone in given.clones:
            for fix in find(clone):
                print(json.dumps(fix), flush=True)
    elif given.verb == "run":
        run(given)
    else:
        raw, before = (
            None if path is None else json.loads(path.read_text(encoding="utf-8"))
            for path in (given.raw, given.before)
        )
        text = section(raw, before)
        if given.write:
            put(given.write, HEADING, text, ON_DDP)
        print(text)


# -- find --------------------------------------------------------------------


def git(clone: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(clone), *arguments], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode(errors="replace")


def find(clone: Path) -> List[Dict[str, Any]]:
    """The fixes of one repository, oldest first, each config once."""
    log = git(
        clone, "log", "--all", "--no-merges", "--reverse", "--diff-filter=MR", "-M", "-U0", "-p",
        "-Gfind_unused_parameters *= *True", "--format=COMMIT %H", "--", "*.py",
    )  # fmt: skip
    seen = set()
    fixes: Dict[str, List[Tuple[str, str]]] = {}
    for commit, old, new in _added(log):
        if new not in seen and not new.startswith("tests/") and "/tests/" not in new:
            seen.add(new)
            if _is_config(clone, commit, new):
                fixes.setdefault(commit, []).append((old, new))
    return [
        {
            "repository": clone.name.replace("+", "/"),
            "commit": commit,
            "era": "mmengine" if _mentions(clone, commit, "mmengine") else "mmcv1",
            "before": [old for old, _ in paths],
            "after": [new for _, new in paths],
        }
        for commit, paths in fixes.items()
    ]


def _added(log: str) -> Iterator[Tuple[str, str, str]]:
    """Commit, and the file before and after, of each diff that adds the setting and takes none away."""
    for patch in re.split(r"^COMMIT ", log, flags=re.M)[1:]:
        commit = patch[:40]
        for diff in re.split(r"^diff --git ", patch, flags=re.M)[1:]:
            lines = diff.splitlines()
            old, new = (
                next((line[6:] for line in lines if line.startswith(start)), "")
                for start in ("--- a/", "+++ b/")
            )
            added = any(line[0] == "+" and SET.match(line[1:]) for line in lines if line)
            removed = any(line[0] == "-" and SET.match(line[1:]) for line in lines if line)
            if old and new and added and not removed:
                yield commit, old, new


def _mentions(clone: Path, commit: str, word: str) -> bool:
    done = subprocess.run(
        ["git", "-C", str(clone), "grep", "-q", f"import.*{word}\\|from {word}", commit, "--", "*.py"]
    )
    return done.returncode == 0


def _is_config(clone: Path, commit: str, path: str) -> bool:
    """Whether a file sets keys as a config does, and is not a program."""
    text = git(clone, "show", f"{commit}:{path}")
    return (
        bool(re.search(r"^(model|_base_|data|default_scope) *= *", text, flags=re.M))
        and "\ndef main(" not in text
    )


# -- run ---------------------------------------------------------------------


def run(given: argparse.Namespace) -> None:
    environments = json.loads((HERE / "field.json").read_text(encoding="utf-8"))["environments"]
    raw: Dict[str, Any] = json.loads(given.raw.read_text(encoding="utf-8")) if given.raw.exists() else {}
    for line in KEPT.read_text(encoding="utf-8").splitlines():
        fix = json.loads(line)
        if given.only and fix["repository"] not in given.only:
            continue
        clone = given.clones.resolve() / fix["repository"].replace("/", "+")
        names = [*fix.get("needs", ()), *environments[fix["era"]]]
        sources = [given.environment.resolve() / name for name in names]
        states = {
            "before": state(clone, f"{fix['commit']}^", fix["before"], sources, given),
            "without": state(clone, fix["commit"], fix["after"], sources, given, without=True),
            "after": state(clone, fix["commit"], fix["after"], sources, given),
        }
        raw[f"{fix['repository']} {fix['commit']}"] = {**fix, "states": states}
        given.raw.write_text(json.dumps(raw, indent=1), encoding="utf-8")
        said = Counter(verdict(config) for config in states["without"])
        print(fix["repository"], fix["commit"][:7], dict(said), flush=True)


def state(
    clone: Path,
    commit: str,
    configs: List[str],
    sources: List[Path],
    given: argparse.Namespace,
    without: bool = False,
) -> List[Dict[str, Any]]:
    """What is said of some configs as they were at a commit, or as they were but for the setting."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        root = Path(folder).resolve()
        packed = subprocess.run(
            ["git", "-C", str(clone), "archive", commit, "--", *(f":(glob)**/{name}" for name in FILES if _has(clone, commit, name))],
            stdout=subprocess.PIPE,
            check=True,
        )  # fmt: skip
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as tar:
            tar.extractall(root, filter="data")
        (root / ".git").mkdir(exist_ok=True)  # where a repository begins
        path = os.pathsep.join(map(str, [given.source.resolve(), *sources]))
        env = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "MMFIX_CACHE_DIR": cache}
        here = [config for config in configs if (root / config).is_file()][: given.configs]
        for config in configs if without else ():
            text = (root / config).read_text(encoding="utf-8")
            (root / config).write_text(TURNED.sub(r"\1False", text), encoding="utf-8")
        asked = [["check", "--format", "json", config] for config in here]
        places = [(str(item) + os.sep, "") for item in (root, *sources)]
        judged = [
            json.loads(shortened(text, places) or "{}") for text, _ in talk(asked, root, env, given.limit)
        ]
        found = [config for report in judged for config in report.get("configs", ())]
        some = {config["path"]: config for config in found[: given.configs]}
        models = [["show", "--model", config, "--format", "json"] for config in some]
        keys = [["show", config, "--format", "json"] for config in some]
        for config, (model, _), (values, _) in zip(
            some.values(), talk(models, root, env, given.limit), talk(keys, root, env, given.limit)
        ):
            shown = json.loads(shortened(model, places) or "{}")
            config.update(extent(shown))
            config["model"] = next((row["class"] for row in shown.get("model") or []), "")
            config["set"] = _is_set(json.loads(shortened(values, places) or "{}"))
            config["findings"] = [{**item, "blame": None, "remedies": None} for item in config["findings"]]
        return list(some.values())


def _has(clone: Path, commit: str, name: str) -> bool:
    """Whether a tree has such files; `git archive` refuses a pattern that matches nothing."""
    return bool(
        git(clone, "ls-tree", "-r", "--name-only", "--full-tree", commit, "-z").count(name[1:] + "\0")
    )


def _is_set(shown: Dict[str, Any]) -> bool:
    return any(
        value["key"].split(".")[-1] == "find_unused_parameters" and value["value"] is True
        for value in shown.get("values") or []
    )


# -- table -------------------------------------------------------------------


def verdict(config: Dict[str, Any]) -> str:
    """Of a config without the setting: `likely` (or surer), `possible`, or why it is not asked for."""
    asking = [item["confidence"] for item in config["findings"] if UNUSED in item["message"]]
    if asking:
        return "likely" if any(confidence in SURE for confidence in asking) else "possible"
    if config["status"] != "ok":
        return f"not readable: {config['error']['message']}"
    if config["followed"] == "lost":
        return f"lost: {config['gave_up']}"
    if config["followed"] == "fully":
        return "nothing is found to be unused"
    missing = f"not here: {', '.join(config['absent'][:3])}" if config["absent"] else ""
    return f"cannot tell ({missing or next(iter(config['problems']), config['followed'])})"


@dataclass(frozen=True)
class Fix:
    """One config of one commit; `before` is None where it was not there, or was no config to train."""

    commit: str
    path: str
    before: Optional[Dict[str, Any]]
    without: Dict[str, Any]
    after: Dict[str, Any]

    @property
    def loud(self) -> List[str]:
        """Errors and warnings that are left after the fix."""
        if self.after["status"] != "ok":
            return ["not readable"]
        left = [item for item in self.after["findings"] if item["severity"] in FAILING]
        return [f"{item['code']} {item['confidence']} `{item['key']}`" for item in left]


def fixes_of(raw: Dict[str, Any]) -> Tuple[Dict[Tuple[str, str], List[Fix]], Counter]:
    """The fixes by (repository, model), and why others are left out."""
    groups: Dict[Tuple[str, str], List[Fix]] = {}
    left: Counter = Counter()
    kept = [json.loads(line) for line in KEPT.read_text(encoding="utf-8").splitlines()]
    broken = {(fix["repository"], fix["commit"]) for fix in kept if "broken" in fix}
    for entry in raw.values():
        if (entry["repository"], entry["commit"]) in broken:
            left["a state that nobody can train"] += 1
            continue
        by_path = {
            when: {config["path"]: config for config in found} for when, found in entry["states"].items()
        }
        names = dict(zip(entry["after"], entry["before"]))
        if not by_path["after"]:
            left["not to be trained by itself, and nothing inherits it"] += 1
        for path, after in by_path["after"].items():
            without = by_path["without"].get(path)
            before = by_path["before"].get(names.get(path, path))
            if without is None or without.get("set"):
                left["set by another line, too"] += 1
                continue
            if before is not None and before.get("set"):
                before = None
            key = (entry["repository"], without.get("model") or "?")
            groups.setdefault(key, []).append(Fix(entry["commit"], path, before, without, after))
    return groups, left


def rows_of(groups: Dict[Tuple[str, str], List[Fix]]) -> Tuple[List[List[Any]], List[List[str]]]:
    """A row for each (repository, model), and the summary of them."""
    kept = [json.loads(line) for line in KEPT.read_text(encoding="utf-8").splitlines()]
    idle = {fix["commit"] for fix in kept if "idle" in fix}
    rows = []
    count: Counter = Counter()
    for (repository, model), fixes in sorted(
        groups.items(), key=lambda item: (item[0][0].lower(), item[0][1])
    ):
        said = [verdict(fix.without) for fix in fixes]
        first = next((name for name in ("likely", "possible") if name in said), said[0])
        after = sorted({text for fix in fixes for text in fix.loud})
        earlier = [verdict(fix.before) for fix in fixes if fix.before is not None]
        fix = fixes[said.index(first)]
        if all(one.commit in idle for one in fixes):
            count["idle"] += 1
            count["asked idle"] += first == "likely"
            first += " (needs none)"
        count[first] += 1
        count["before"] += "likely" in earlier
        count["quiet"] += not after
        rows.append(
            [
                repository,
                model,
                len(fixes),
                fix.commit[:7],
                f"`{fix.path}`",
                first,
                ", ".join(after) or "quiet",
            ]
        )
    commits = {(name, fix.commit) for (name, _), fixes in groups.items() for fix in fixes}
    return rows, [
        ["commits, in repositories", f"{len(commits)}, {len({name for name, _ in commits})}", "20, 10"],
        ["(repository, model) groups that are asked for it, *likely* or surer", share(count["likely"] + count["asked idle"], len(groups)), ""],
        ["of those that were not found to need none, by reading", f"**{share(count['likely'], len(groups) - count['idle'])}**", "75 %"],
        ["asked for it without need, *likely* or surer", share(count["asked idle"], count["idle"]), "0"],
        ["asked for it, *possible* included", share(count["likely"] + count["possible"] + count["asked idle"], len(groups)), ""],
        ["asked for it in the state before the commit, *likely* or surer", share(count["before"], len(groups)), ""],
        ["without a warning or an error after", f"**{share(count['quiet'], len(groups))}**", ""],
    ]  # fmt: skip


def section(raw: Dict[str, Any], before: Optional[Dict[str, Any]] = None) -> str:
    """The section of docs/accuracy.md; `before` is what an older mmfix says of the same commits."""
    groups, left = fixes_of(raw)
    rows, summary = rows_of(groups)
    older = None if before is None else rows_of(fixes_of({name: before[name] for name in raw})[0])[1]
    return "\n".join(
        [
            f"{HEADING}\n",
            "Made by `python bench/human_fixes.py table RAW.json --write docs/accuracy.md`; the commits are in `bench/human_fixes.jsonl`. *Asked for*: with a",
            "finding that DDP stops for want of a gradient, of the state of the commit without that line: many commits bring the cause and the line together.",
            "Setting the key is not the same as needing it (see the strip test): where the source of that time shows no need, it is said.\n",
            *beside(older, summary),
            "",
            *table(["repository", "model", "configs", "commit", "config", "asked for", "after"], rows),
            "\nLeft out: " + ("; ".join(f"{text} ({number})" for text, number in left.items()) or "none") + ".",
            "",
        ]
    )  # fmt: skip


if __name__ == "__main__":
    main()
