"""A small Python interpreter for config files: it computes values and blames, and runs nothing."""

from __future__ import annotations
