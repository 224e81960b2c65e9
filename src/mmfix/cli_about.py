"""The commands about mmfix itself: ``rules``, ``rule``, ``completion``, and ``--version``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Dict, List

import click

from mmfix import __version__
from mmfix.cli_options import format_option
from mmfix.terminal import paint, write
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.rules import Rule

SHELLS = ("bash", "zsh", "fish")
#: What is told with mmfix's own version: it decides what is found, and how a patch is confirmed.
_NAMED = ("torch", "mmengine", "mmcv")


@click.command(epilog=say("Example: mmfix rules --format json"))
@format_option
def rules(format_: str) -> int:
    """List all rules."""
    from mmfix.rules import RULES

    if format_ == "json":
        from mmfix.report.json.parts import render

        write(render(rules=[_row(one) for one in RULES]))
        return 0
    strong = paint(sys.stdout)
    width = max(len(one.name) for one in RULES)
    for one in RULES:
        write(f"{strong(one.code, 'strong')}  {one.name:<{width}}  {one.summary}\n")
    return 0


def _row(one: Rule) -> Dict[str, str]:
    return {"code": one.code, "name": one.name, "summary": one.summary, "documentation": one.documentation}


@click.command(short_help=say("Print a rule's documentation."), epilog=say("Example: mmfix rule MMF101"))
@click.argument("code")
def rule(code: str) -> int:
    """Print a rule's documentation; CODE is its code, its name, or the beginning of one name."""
    from mmfix.rules import RULES

    wanted = code.lower()
    named = [one for one in RULES if wanted in (one.code.lower(), one.name)]
    found = named or [one for one in RULES if one.name.startswith(wanted)]
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise click.BadParameter(say("{code!r} may be {names}", code=code, names=names), param_hint="CODE")
    if not found:
        raise click.BadParameter(
            say("no rule {code!r}; 'mmfix rules' lists them", code=code), param_hint="CODE"
        )
    title = paint(sys.stdout)(f"{found[0].code} {found[0].name}", "strong")
    write(f"{title}\n\n{found[0].documentation}\n")
    return 0


@click.command(
    short_help=say("Print what lets a shell complete commands."),
    epilog=say("Example: mmfix completion bash >> ~/.bashrc"),
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print what makes a shell complete commands and options of mmfix."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    command = context.find_root().command
    # its `source()` would start the shell to ask for its version
    made = kind(command, {}, "mmfix", "_MMFIX_COMPLETE")
    write(made.source_template % made.source_vars())
    return 0


def say_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """``--version``: mmfix's own, and on a second line those of what a verdict depends on."""
    if not asked or context.resilient_parsing:
        return
    from mmfix.jobs.installed import installed

    found: List[str] = [say("Python {version}", version=".".join(map(str, sys.version_info[:3])))]
    for package in _NAMED:
        version = installed(package)
        if version is None:
            found.append(say("no {package}", package=package))
        elif not version:
            found.append(say("{package} of unknown version", package=package))
        else:
            found.append(f"{package} {version}")
    write(say("mmfix {version}\nhere: {packages}\n", version=__version__, packages=", ".join(found)))
    context.exit()


version_option = click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=say_version,
    help=say("Show the version, and those of torch, mmengine and mmcv here."),
)
