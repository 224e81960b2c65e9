"""The command that shows what a config resolves to, ``show``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Dict, Optional

import click

from mmfix.cli_options import PATH, color_option, format_option, stdin_filename_option
from mmfix.errors import MmfixError
from mmfix.terminal import page, write
from mmfix.wording import say

if TYPE_CHECKING:
    from mmfix.config.document import ConfigDocument


@click.command(
    short_help=say("Show resolved values and the line that set each."),
    epilog=say("Example: mmfix show configs/my.py model.backbone.with_cp"),
)
@click.argument("path", type=PATH)
@click.argument("key", required=False)
@click.option(
    "--model", is_flag=True, help=say("Show the model as a tree: what is used, checkpointed, frozen.")
)
@stdin_filename_option
@format_option
@color_option
def show(path: str, key: Optional[str], model: bool, stdin_filename: Optional[str], format_: str) -> int:
    """Show resolved values and the line that set each of them. PATH may be - for standard input.

    With KEY (model.backbone.with_cp) its whole blame chain; without, every value of the config.

    With --model, what the model's source says, read without importing it: for each config dict the class it
    makes, and whether the loss reaches it in every training step.
    """
    from mmfix.config.reader import Reader
    from mmfix.jobs.checking import problem_of
    from mmfix.jobs.selecting import STDIN, from_stdin

    if model and key is not None:
        raise click.UsageError(say("--model goes with no KEY"))
    if stdin_filename is not None and path != STDIN:
        raise click.UsageError(say("--stdin-filename goes with - for PATH"))
    try:
        texts: Dict[str, str] = {}
        if path == STDIN:
            path, text = from_stdin(sys.stdin.buffer, stdin_filename)
            texts = {path: text}
        document = Reader(texts=texts).load(path)
        shown = _shown_model(document, format_) if model else _shown(document, key, format_)
    except Exception as error:
        if format_ == "json":
            from mmfix.report.json import model as model_json
            from mmfix.report.json import values as values_json

            render_error = model_json.render_error if model else values_json.render_error
            write(render_error(path, problem_of(error)))
        raise
    write(shown)
    return 0


def _shown(document: ConfigDocument, key: Optional[str], format_: str) -> str:
    from mmfix.report.json.values import render_json
    from mmfix.report.text.values import render_text

    try:
        return render_json(document, key) if format_ == "json" else render_text(document, key, page())
    except MmfixError as error:
        from mmfix.jobs.showing import set_instead

        hint = set_instead(document, key)
        raise MmfixError(error.message, error.path, hint=hint) if hint else error from None


def _shown_model(document: ConfigDocument, format_: str) -> str:
    from mmfix.jobs.showing import model_tree
    from mmfix.report.json.model import render_json
    from mmfix.report.text.model import render_text

    tree = model_tree(document)
    return render_json(tree) if format_ == "json" else render_text(tree, page())
