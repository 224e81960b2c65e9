"""All sentences that mmfix prints, from the source into one catalog: locale/mmfix.pot.

    python bench/sentences.py           # prints it
    python bench/sentences.py --write

A sentence is the template of a `say` or a `mark` (`src/mmfix/wording.py`). It stands there once, with the files that use it;
lines and dates are left out, so that the catalog changes with a sentence and with nothing else.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from printed import said  # noqa: E402
from rooms import files  # noqa: E402

POT = ROOT / "locale" / "mmfix.pot"
_OF_THE_DAY = re.compile(r'^"(?:POT-Creation-Date|Generated-By): .*\n', re.M)


def catalog() -> str:
    """The catalog, by file and by the place in it.

    The syntax tree is asked for the sentences, not Babel: before Python 3.12 that sees nothing inside of an f-string.
    """
    found = Catalog(
        project="mmfix",
        charset="utf-8",
        header_comment="# The sentences of mmfix. Made by bench/sentences.py.",
    )
    for path, _, tree in files():
        for call in said(tree):
            if isinstance(call.args[0], ast.Constant):
                found.add(call.args[0].value, locations=[(path.relative_to(ROOT).as_posix(), call.lineno)])
    written = io.BytesIO()
    write_po(written, found, width=0, sort_by_file=True, include_lineno=False)
    return _OF_THE_DAY.sub("", written.getvalue().decode("utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        POT.write_text(catalog(), encoding="utf-8")
    else:
        sys.stdout.write(catalog())


if __name__ == "__main__":
    main()
