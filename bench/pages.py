"""The pages of docs/ that are made from the code: one of all rules and one for each, one of all errors; the settings' schema.

python bench/pages.py docs
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict, List

from mmfix.diagnosis.kinds import KINDS
from mmfix.diagnosis.types import CONSEQUENCE, WARNING, Kind
from mmfix.project.schema import schema
from mmfix.rules import RULES, Rule

RULES_HEAD = """# The rules

What `mmfix check` looks for. `mmfix rule CODE` prints the same in a terminal. Made by `python bench/pages.py docs` from
the files of `src/mmfix/rules/`, where each rule also has its cases.
"""
RULE_FOOT = """
---
`mmfix rule {code}` prints the same in a terminal. [All rules](../rules.md)
"""
ERRORS_HEAD = """# The errors

What `mmfix explain` knows of training logs. Search this page for the words of your error, or let
`mmfix explain train.log` do it: it also names the parameters, the config key and the cure. Made by
`python bench/pages.py docs` from the files of `src/mmfix/diagnosis/kinds/`.
"""
_ROLES = {WARNING: "a warning", CONSEQUENCE: "follows from an error elsewhere"}


def pages() -> Dict[str, str]:
    """Name and text of each page."""
    rules = {f"rules/{rule.code}.md": _rule(rule) for rule in RULES}
    return {"rules.md": _rules(), **rules, "errors.md": _errors(), "mmfix.schema.json": schema()}


def _rules() -> str:
    lines = [RULES_HEAD, "| code | name | what |", "|---|---|---|"]
    lines += [f"| [{rule.code}](rules/{rule.code}.md) | `{rule.name}` | {rule.summary} |" for rule in RULES]
    return "\n".join(lines) + "\n"


def _rule(rule: Rule) -> str:
    return f"# {rule.code} {rule.name}\n\n{rule.documentation}\n{RULE_FOOT.format(code=rule.code)}"


def _errors() -> str:
    lines = [ERRORS_HEAD, "| message, in short | outcome | id |", "|---|---|---|"]
    for kind in KINDS:
        lines.append(f"| {kind.message} | {kind.outcome or ''} | [`{kind.id}`](#{kind.id}) |")
    for kind in KINDS:
        lines += ["", f"## {kind.id}", "", *_error(kind)]
    return "\n".join(lines) + "\n"


def _error(kind: Kind) -> List[str]:
    role = _ROLES.get(kind.role)
    title = kind.title[:1].upper() + kind.title[1:]
    lines = [f"{title}{f' ({role})' if role else ''}. {kind.explanation}"]
    for variant in kind.variants.values():
        lines += ["", f"Another case of it: {variant.explanation}"]
    cures = kind.general() if kind.general else ()
    if cures:
        lines += ["", "What cures it:", ""]
        lines += [f"- `{cure.name}` ({cure.disposition}): {cure.cost}" for cure in cures]
    hints = [*kind.hints, *(hint for variant in kind.variants.values() for hint in variant.hints)]
    if hints:
        lines += ["", "What to do:", "", *(f"- {hint}" for hint in dict.fromkeys(hints))]
    if kind.rules:
        links = ", ".join(f"[{code}](rules/{code}.md)" for code in kind.rules)
        lines += ["", f"`mmfix check` finds it before the run: {links}."]
    return lines


if __name__ == "__main__":
    (Path(sys.argv[1]) / "rules").mkdir(exist_ok=True)
    for name, text in pages().items():
        (Path(sys.argv[1]) / name).write_text(text, encoding="utf-8")
