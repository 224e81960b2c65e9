"""``{{ ... }}`` in a config's text: predefined variables, environment variables, base references."""

from __future__ import annotations

import os
import os.path as osp
import re
from typing import Dict, NamedTuple

from mmfix.errors import ConfigError
from mmfix.wording import say

_ENVIRONMENT = re.compile(r"""\{\{['"]?\s*\$(\w+)\s*:\s*(\S*?)\s*['"]?\}\}""")
#: In the text that stands for a base reference until the bases are known.
PLACEHOLDER = "_mmfix_reference"
_BASE = re.compile(r"\{\{\s*_base_\.([\w.]+)\s*\}\}")


class Substituted(NamedTuple):
    """A config's text after substitution.

    Attributes:
        text: The text that is parsed and evaluated; line numbers are unchanged.
        base_references: Placeholder string -> dotted name in the merged bases.
    """

    text: str
    base_references: Dict[str, str]


def substitute(text: str, path: str) -> Substituted:
    """Replace all three kinds of ``{{ }}``, in MMEngine's order.

    Source: ``mmengine/config/config.py``: ``_substitute_predefined_vars``,
    ``_substitute_env_variables``, ``_pre_substitute_base_vars``.

    Raises:
        ConfigError: An environment variable is unset and has no default.
    """
    if "{{" not in text:
        return Substituted(text, {})
    text = _predefined(text, path)
    text = _environment(text, path)
    references: Dict[str, str] = {}

    def placeholder(match: re.Match[str]) -> str:
        name = f"_{match.group(1)}{PLACEHOLDER}"
        references[name] = match.group(1)
        return f'"{name}"'

    return Substituted(_BASE.sub(placeholder, text), references)


def _predefined(text: str, path: str) -> str:
    name = osp.basename(path)
    stem, extension = osp.splitext(name)
    for key, value in (
        ("fileDirname", osp.dirname(path)),
        ("fileBasename", name),
        ("fileBasenameNoExtension", stem),
        ("fileExtname", extension),
    ):
        pattern = r"\{\{\s*" + key + r"\s*\}\}"
        text = re.sub(pattern, value.replace("\\", "/"), text)
    return text


#: More would make MMEngine's regular expressions, which are used here too, take minutes.
_MAX_VARIABLES = 200
_LONG_GAP = re.compile(r"\s{500}")
_START = r"\{\{['\"]?\s*\$"
_LONG_WORD = re.compile(_START + r"\S{2000}")
_MAX_STARTS = 2_000
_NESTED_REPEAT = re.compile(r"[+*}][^+*{]*[+*{]")


def _environment(text: str, path: str) -> str:
    if _LONG_GAP.search(text):
        raise ConfigError(
            say("has {{ }} and a gap of 500 spaces, which MMEngine takes very long to read"), path
        )
    if _LONG_WORD.search(text) or sum(1 for _ in re.finditer(_START, text)) > _MAX_STARTS:
        raise ConfigError(say("has more or longer {{$ }} than MMEngine can read in a reasonable time"), path)
    found = _ENVIRONMENT.findall(text)
    if len(set(found)) > _MAX_VARIABLES or any(_NESTED_REPEAT.search(default) for _, default in found):
        raise ConfigError(
            say("has environment variables in {{ }} that MMEngine takes very long to read"), path
        )
    for name, default in found:
        value = os.environ.get(name, default)
        if not value:
            line = text[: max(0, text.find(f"${name}"))].count("\n") + 1
            raise ConfigError(
                say("the environment variable {name} is not set and has no default", name=name),
                path,
                line,
                say("set it, or write {{{{${name}:default}}}}", name=name),
            )
        # MMEngine uses the default as a regular expression, unescaped; so a default with special
        # characters may match nothing and stay in the text.
        pattern = r"""\{\{['"]?\s*\$""" + name + r"\s*:\s*" + default + r"""\s*['"]?\}\}"""
        try:
            text = re.sub(pattern, value, text)
        except re.error as error:
            raise ConfigError(
                say("MMEngine cannot read the default of {{{{${name}:...}}}}: {why}", name=name, why=error),
                path,
            ) from error
    return text
