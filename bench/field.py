"""What `mmfix check` says of people's own repositories, as they are cloned. Prints a table and what is left to judge.

    python bench/field.py run CLONES ENVIRONMENT RAW.json [--lot work|fresh|third|fourth|fifth] [--only OWNER/NAME ...] [--source SRC]
    python bench/field.py groups RAW.json [--possible] [--unjudged]     > GROUPS.jsonl
    python bench/field.py table RAW.json [--lot work|fresh|third|fourth|fifth] [--before RAW.json] [--write docs/accuracy.md]

`bench/field.json` names the repositories, their commits and what each needs. CLONES holds one clone of each as
`OWNER+NAME`; ENVIRONMENT holds the unpacked sources that are put on PYTHONPATH, as `mmcv-full-1.7.2`, each under the name and
version that `field.json` has. Nothing of them is imported or run, and nothing is written into a clone.

Each repository is checked whole, by one process with an empty cache: CPU seconds are those of that process. A second process, with the
cache of the first, asks `show --model` of each config how far its model was followed. A third, with an empty cache again, checks up to
`--alone` configs one by one, for the CPU seconds of a single one.

RAW.json is kept outside the repository: it quotes other people's files. What is true of it was found by reading these, and is in
`bench/field_judgments.jsonl`, one line a group of findings that differ in nothing but the config: repository, code, key, message (digits
masked), `true`, and `reason`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Tuple

from field_tables import HEADINGS, JUDGMENTS, groups, judged, section
from sections import ON_DDP, put

HERE = Path(__file__).resolve().parent
ALONE = 12
LIMIT = 3600

#: Runs a command line of mmfix for each line of standard input, and prints its output and CPU seconds as JSON. The clone is not
#: on the search path, as with `mmfix` itself: a package that it carries is not an installed one.
TALK = """
import contextlib, io, json, sys, time
sys.path[:] = [place for place in sys.path if place]
from mmfix.cli import main
for line in sys.stdin:
    out, start = io.StringIO(), time.process_time()
    sys.argv[1:] = json.loads(line)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        try:
            main()
        except SystemExit:
            pass
    print(json.dumps([out.getvalue(), time.process_time() - start]), flush=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("run")
    one.add_argument("clones", type=Path)
    one.add_argument("environment", type=Path)
    one.add_argument("raw", type=Path)
    one.add_argument("--lot", default="work", choices=list(HEADINGS))
    one.add_argument("--only", nargs="+", metavar="OWNER/NAME", help="of that lot, only these")
    one.add_argument("--source", type=Path, default=HERE.parent / "src", help="the mmfix that is measured")
    one.add_argument("--alone", type=int, default=ALONE, help="configs checked one by one")
    one.add_argument("--limit", type=float, default=LIMIT, help="seconds for one process")
    two = verbs.add_parser("groups")
    two.add_argument("raw", type=Path)
    two.add_argument("--possible", action="store_true", help="those that are only possible, too")
    two.add_argument("--unjudged", action="store_true", help="only those that nobody has judged")
    three = verbs.add_parser("table")
    three.add_argument("raw", type=Path)
    three.add_argument("--lot", default="work", choices=list(HEADINGS))
    three.add_argument("--before", type=Path, metavar="RAW", help="what an older mmfix says of the same")
    three.add_argument("--write", type=Path, metavar="FILE", help="replace the section in this file")
    for verb in (two, three):
        verb.add_argument("--judgments", type=Path, default=JUDGMENTS)
    given = parser.parse_args()
    if given.verb == "run":
        run(given)
        return
    raw = json.loads(given.raw.read_text(encoding="utf-8"))
    if given.verb == "groups":
        for group in judged(groups(raw, given.possible), given.judgments):
            if not (given.unjudged and group["true"] is not None):
                print(json.dumps(group, ensure_ascii=False))
        return
    before = json.loads(given.before.read_text(encoding="utf-8")) if given.before else None
    text = section(raw, given.judgments, before, given.lot)
    if given.write:
        put(given.write, HEADINGS[given.lot], text, ON_DDP)
    print(text)


def run(given: argparse.Namespace) -> None:
    """Check the repositories; what is in the file of an earlier run of others stays there."""
    table = json.loads((HERE / "field.json").read_text(encoding="utf-8"))
    raw: Dict[str, Any] = json.loads(given.raw.read_text(encoding="utf-8")) if given.raw.exists() else {}
    wanted = [row for row in table[given.lot] if not given.only or row["repository"] in given.only]
    for row in wanted:
        clone = given.clones.resolve() / row["repository"].replace("/", "+")
        head = subprocess.run(["git", "-C", clone, "rev-parse", "HEAD"], stdout=subprocess.PIPE, text=True)
        if head.stdout.strip() != row["commit"]:
            sys.exit(f"{clone} is not at {row['commit']}")
        names = [*table["environments"][row["era"]], *row.get("needs", ())]
        sources = [given.environment.resolve() / name for name in names]
        missing = [source.name for source in sources if not source.is_dir()]
        if missing:
            sys.exit(f"{row['repository']} needs {', '.join(missing)} in {given.environment}")
        raw[row["repository"]] = {
            "commit": row["commit"],
            "era": row["era"],
            **measure(clone, given.source.resolve(), sources, given.alone, given.limit),
        }
        given.raw.write_text(json.dumps(raw, indent=1), encoding="utf-8")
        print(row["repository"], raw[row["repository"]]["summary"], flush=True)


def measure(clone: Path, source: Path, sources: List[Path], alone: int, limit: float) -> Dict[str, Any]:
    """What is said of one repository, and what it cost."""
    with tempfile.TemporaryDirectory() as cold, tempfile.TemporaryDirectory() as other:
        path = os.pathsep.join(map(str, [source, *sources]))
        env = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "MMFIX_CACHE_DIR": cold}
        command = ["-m", "mmfix", "check", "--format", "json", "."]
        out, seconds = process(command, clone, env, "", limit)
        places = [(str(clone) + os.sep, ""), *((str(item) + os.sep, "") for item in sources)]
        report = json.loads(shortened(out, places) or "{}")
        if not report:
            return {"summary": "not finished", "cpu": seconds, "configs": [], "notes": [], "alone": []}
        read = [config for config in report["configs"] if config["status"] == "ok"]
        asked = [["show", "--model", config["path"], "--format", "json"] for config in read]
        shown = talk(asked, clone, env, limit)
        step = max(1, len(read) // max(alone, 1))
        some = [["check", "--format", "json", config["path"]] for config in read[::step][:alone]]
        times = [cpu for _, cpu in talk(some, clone, {**env, "MMFIX_CACHE_DIR": other}, limit)]
        for config, (text, _) in zip(read, shown):
            config.update(extent(json.loads(shortened(text, places) or "{}")))
        for config in report["configs"]:
            config["findings"] = [
                {**finding, "blame": None, "remedies": [item["name"] for item in finding["remedies"]]}
                for finding in config["findings"]
            ]
        return {**report, "cpu": seconds, "alone": times}


def shortened(text: str, places: List[Tuple[str, str]]) -> str:
    """Without the names of the folders of this machine."""
    for folder, name in places:
        text = text.replace(folder, name)
    return text


def process(
    arguments: List[str], folder: Path, env: Dict[str, str], given: str, limit: float
) -> Tuple[str, float]:
    """What a Python process prints, and its CPU seconds; what it had printed when it ran out of time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=env,
            input=given,
            timeout=limit,
            text=True,
            capture_output=True,
        )
        out = done.stdout
        if "Traceback" in done.stderr:
            print(f"{folder.name}: {done.stderr[-2000:]}", file=sys.stderr)
    except subprocess.TimeoutExpired as error:
        out = (error.stdout or b"").decode() if isinstance(error.stdout, bytes) else ""
        out = out if given else ""
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return out, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def talk(
    commands: List[List[str]], folder: Path, env: Dict[str, str], limit: float
) -> List[Tuple[str, float]]:
    """Output and CPU seconds of each command line of mmfix, all in one process."""
    lines = "".join(json.dumps(command) + "\n" for command in commands)
    out, _ = process(["-c", TALK], folder, env, lines, limit)
    return [tuple(json.loads(line)) for line in out.splitlines() if line.endswith("]")]


def extent(shown: Dict[str, Any]) -> Dict[str, Any]:
    """How far the model of a config was followed, from `show --model`.

    `followed` is `fully`: every part is there and has a verdict; `partly`: some part has none; `blind`: none that has
    parameters has one; `lost`: the walk ended before the loss; `no model`: there is none to follow.
    """
    rows = shown.get("model") or []
    verdicts = [row["verdict"] for row in rows if row["verdict"] is not None]
    inner = [part["verdict"] for row in rows for part in row["parts"]]
    absent = [row["class"] for row in rows if row["exists"] in ("not found in source", "cannot tell")]
    if not shown or shown.get("error") or not rows:
        kind = "no model"
    elif shown["gave_up"]:
        kind = "lost"
    elif not verdicts or set(verdicts) == {"cannot tell"}:
        kind = "blind"
    elif absent or "cannot tell" in verdicts or "cannot tell" in inner:
        kind = "partly"
    else:
        kind = "fully"
    return {
        "followed": kind,
        "gave_up": shown.get("gave_up") or "",
        "absent": sorted(set(absent)),
        "parts": len(verdicts),
        "open": verdicts.count("cannot tell"),
        "problems": [problem["reason"] for problem in shown.get("problems") or []],
    }


if __name__ == "__main__":
    main()
