"""Whole jobs: judge files, patch files, patch a config in memory. ``api`` and ``cli`` only call these."""

from __future__ import annotations
