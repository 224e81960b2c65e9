"""The process in which a report has cures in code planned. Run as a script: who reports loads no LibCST.

Standard input: the name of the cure, the lines it is about, and the top of the repository, as JSON. Standard
output: the files that it changes, or nothing.
"""

from __future__ import annotations

import json
import sys

if __name__ == "__main__":
    from mmfix.codemods.all import CODEMODS
    from mmfix.codemods.apply import edited
    from mmfix.findings import CodeSpot
    from mmfix.python.place import Place

    asked = json.loads(sys.stdin.read())
    spots = [
        CodeSpot(path, line, tuple(Place(*place) for place in called))
        for path, line, called in asked["spots"]
    ]
    edits = edited(CODEMODS[asked["remedy"]], spots, asked["top"])
    texts = [[edit.path, edit.before.decode("utf-8"), edit.after.decode("utf-8")] for edit in edits]
    sys.stdout.write(json.dumps(texts))
