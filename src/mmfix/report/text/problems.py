"""Why a job could not be done for a config, a line each."""

from __future__ import annotations

import os
from typing import Dict, List, Sequence, Tuple

from mmfix.report.text.words import Paint, as_text, plain
from mmfix.results.checked import Problem
from mmfix.results.place import display_path, display_place
from mmfix.wording import mark, say


def render_problems(problems: Sequence[Tuple[Problem, str]], paint: Paint = plain) -> str:
    """Problems, each with the path of the config it stopped, one line each.

    ``configs/a.py:3: error: message (hint)``. A problem of a base is told once for all configs it stops.
    """
    stopped: Dict[Problem, List[str]] = {}
    for problem, config in problems:
        stopped.setdefault(problem, []).append(config)
    return as_text(_problem(problem, configs, paint) for problem, configs in stopped.items())


def _problem(problem: Problem, configs: Sequence[str], paint: Paint) -> str:
    place = "" if problem.path is None else display_place(problem.path, problem.line) + ": "
    hint = f" ({problem.hint})" if problem.hint else ""
    # a refused patch may be about the file it would have written, which reads nothing
    base = os.path.abspath(problem.path) if problem.path and problem.kind != "patch" else ""
    heirs = [config for config in configs if base and config and os.path.abspath(config) != base]
    told = f"{place}{paint('error', 'error')}: {problem.message}{hint}"
    if heirs:
        template = mark("{error} [read by {config}]")
        if len(heirs) > 1:
            template = mark("{error} [read by {config} and {count} more]")
        told = say(template, error=told, config=display_path(heirs[0]), count=len(heirs) - 1)
    return " ".join(told.split())
