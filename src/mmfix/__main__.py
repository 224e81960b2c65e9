"""``python -m mmfix``."""

# Python itself has imported these two by now. Everything else waits: `-m` puts the working directory first on
# the path, where a repository may have a `click.py` or an `ast.py` of its own, and reading runs nothing.
import os
import sys


def _leave_the_working_directory() -> None:
    """Take off the path what ``python -m`` has put there by itself; entries of PYTHONPATH stay.

    Python computes that entry with ``getcwd`` (``Modules/main.c: pymain_run_python``), and adds none under
    ``-P`` and ``-I``.
    """
    try:
        here = os.getcwd()
    except OSError:  # gone; then it is not there either
        return
    if not getattr(sys.flags, "safe_path", False) and sys.path[:1] == [here]:
        del sys.path[0]


if __name__ == "__main__":
    _leave_the_working_directory()

    from mmfix.cli import main

    main()
