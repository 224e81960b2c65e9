"""``python -m mmfix``."""

from __future__ import annotations

from mmfix.cli import main

if __name__ == "__main__":
    main()
