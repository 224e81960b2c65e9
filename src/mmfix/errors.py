"""Errors people see: one line each, with the file, the line, what is wrong and what to do."""

from __future__ import annotations

from typing import Optional

from mmfix.printable import line as one_line


class MmfixError(Exception):
    """Base of every error mmfix raises on purpose.

    Args:
        message: What is wrong, one line, plain words.
        path: The file it is about, if any.
        line: 1-based line in that file, if known.
        hint: What to do about it, one line; empty when the message already says it.
    """

    def __init__(
        self,
        message: str,
        path: Optional[str] = None,
        line: Optional[int] = None,
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.hint = hint

    def __str__(self) -> str:
        place = "" if self.path is None else self.path
        if self.line is not None:
            place += f":{self.line}"
        text = f"{place}: {self.message}" if place else self.message
        return one_line(f"{text} ({self.hint})" if self.hint else text)


class ConfigError(MmfixError):
    """A config cannot be read; MMEngine could not load it either, or a bound was hit."""


class PatchError(MmfixError):
    """A patch was refused or could not be written; no file was changed."""


class SettingsError(MmfixError):
    """A settings file, or a baseline, cannot be used."""
