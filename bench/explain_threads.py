"""What `mmfix explain` says of public threads that it had not seen; the verdicts by hand were written down before.

    python bench/explain_threads.py run FOLDER --as found|now
    python bench/explain_threads.py table [--write docs/accuracy.md]

`bench/explain_threads.jsonl` has a line for each thread: where it is, what of the message stands in it, and by hand the diagnosis, the first
cure for the text alone, and the config key where the text has a config. Empty: nothing may be told of it (diagnosis), or there is nothing to
compare (cure, key). FOLDER holds what each says, title and text, as `N01.txt`; the texts are their authors' and are kept outside the repository.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Dict, Iterator, List

import mmfix
from prove_tables import table
from sections import ON_DDP, put

LIST = Path(__file__).with_suffix(".jsonl")
HEADING = "## Threads that were not looked at before"
COLUMNS = ("found", "now")
NOTHING = "nothing"


def main() -> None:
    """Run, or print or write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("run")
    one.add_argument("folder", type=Path)
    one.add_argument("--as", dest="column", choices=COLUMNS, required=True)
    other = verbs.add_parser("table")
    other.add_argument("--write", type=Path, metavar="FILE", help="put the section into this file")
    options = parser.parse_args()
    threads = [json.loads(line) for line in LIST.read_text(encoding="utf-8").splitlines()]
    if options.verb == "run":
        for thread in threads:
            text = (options.folder / f"{thread['id']}.txt").read_text(encoding="utf-8")
            thread[options.column] = explained(text)
        lines = (json.dumps(thread, ensure_ascii=False) for thread in threads)
        LIST.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return
    section = "\n".join(lines_of(threads))
    if options.write:
        put(options.write, HEADING, section, ON_DDP)
    else:
        print(section)


def explained(text: str) -> Dict[str, Any]:
    """The diagnoses of a text, the first cure of the first, and the keys that are named."""
    found = mmfix.explain(text)
    known = [item for item in (found, *found.others) if item.known]
    first = known[0] if known else found
    keys = [".".join(map(str, finding.key)) for finding in first.findings]
    cure = first.remedies[0].name if first.known and first.remedies else ""
    return {"diagnoses": [item.id for item in known], "cure": cure, "keys": keys}


def is_right(thread: Dict[str, Any], column: str) -> bool:
    """Whether the verdict by hand was met: that diagnosis and no other, its cure and its key."""
    got = thread[column]
    wanted = [thread["diagnosis"]] if thread["diagnosis"] else []
    return (
        got["diagnoses"] == wanted
        and (not thread["cure"] or got["cure"] == thread["cure"])
        and (not thread["key"] or got["keys"][:1] == [thread["key"]])
    )


def is_false(thread: Dict[str, Any], column: str) -> bool:
    """Whether a diagnosis was told that is not that of the thread."""
    return any(item != thread["diagnosis"] for item in thread[column]["diagnoses"])


def lines_of(threads: List[Dict[str, Any]]) -> Iterator[str]:
    """The section of docs/accuracy.md."""
    yield f"{HEADING}\n"
    yield f"Made by `python bench/explain_threads.py table --write docs/accuracy.md` from `bench/{LIST.name}`. {len(threads)} public threads and pages of 2023 to"
    yield "2026, found by search, none of them in the lists above. What each is was decided by hand, and written down before mmfix read the first of them."
    yield "*As found*: the mmfix of that day. *Now*: after the kinds of faults that this had shown were mended, so this is no independent figure. Right is the"
    yield "diagnosis and no other, the first cure for the text alone, and the key where the text has a config.\n"
    rows = []
    for thread in threads:
        cells = ("right" if is_right(thread, column) else told(thread, column) for column in COLUMNS)
        link = f"[{where(thread)}]({thread['address']})"
        rows.append((thread["id"], link, thread["posted"], thread["text"], by_hand(thread), *cells))
    yield from table(
        ("id", "thread", "posted", "what of the message it has", "by hand", "as found", "now"), rows
    )
    for column, name in zip(COLUMNS, ("As found", "Now")):
        right = sum(is_right(thread, column) for thread in threads)
        false = sum(is_false(thread, column) for thread in threads)
        yield f"\n{name}: **{right} of {len(threads)}** right (bar: 23), **{false}** false (bar: 0)."


def where(thread: Dict[str, Any]) -> str:
    """``owner/name#1`` of an issue, the host of any other page."""
    parts = thread["address"].split("/")
    return f"{parts[3]}/{parts[4]}#{parts[6]}" if parts[2] == "github.com" else parts[2]


def by_hand(thread: Dict[str, Any]) -> str:
    """The verdict in one cell."""
    key = f"`{thread['key']}`" if thread["key"] else ""
    return ", ".join(item for item in (thread["diagnosis"] or NOTHING, thread["cure"], key) if item)


def told(thread: Dict[str, Any], column: str) -> str:
    """What was told instead, in one cell."""
    got = thread[column]
    keys = [f"`{key}`" for key in got["keys"][:1]]
    return ", ".join(
        [" and ".join(got["diagnoses"]) or NOTHING, *([got["cure"]] if got["cure"] else []), *keys]
    )


if __name__ == "__main__":
    main()
