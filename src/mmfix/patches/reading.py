"""What the patch writer asks of whoever reads configs."""

from __future__ import annotations

from typing import Optional, Protocol

from mmfix.config.document import ConfigDocument


class Loads(Protocol):
    """What reads a config: :class:`mmfix.config.reader.Reader`."""

    def load(self, path: str, text: Optional[str] = None) -> ConfigDocument:
        """The config at ``path``, with ``text`` in place of the file's."""
