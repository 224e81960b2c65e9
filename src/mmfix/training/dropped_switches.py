"""Keys that are named like the switch of a checkpoint, and that the class at hand does nothing with.

mmcv's ``FFN`` takes ``use_checkpoint=True`` into its ``**kwargs``, and that is all.
"""

from __future__ import annotations

from typing import Iterable, Iterator, Optional

from mmfix.config.document import ConfigDocument
from mmfix.model.remembered import library_of
from mmfix.repository.importing import named_modules
from mmfix.repository.taken import DROPPED, Taken
from mmfix.training.arguments import in_package
from mmfix.training.reading import CodeReading
from mmfix.training.types import CheckpointSite


def without_dropped(
    sites: Iterable[CheckpointSite], document: ConfigDocument, code: CodeReading
) -> Iterator[CheckpointSite]:
    """The sites, without those that are no more than a name, which is dropped."""
    for site in sites:
        taken = None if site.known or not site.in_config else _taken(site, document, code)
        if taken is None or taken.others != DROPPED or site.key[-1] in taken.names:
            yield site


def _taken(site: CheckpointSite, document: ConfigDocument, code: CodeReading) -> Optional[Taken]:
    """What the class is given by name that the reading made of the dict around a switch."""
    built = next((item for item in code.reading.built if item.key == site.key[:-1]), None)
    if built is None or built.place is None:
        return None
    from mmfix.repository.arguments import arguments_taken  # of few configs it is asked

    library = library_of(code.roots)
    named = named_modules(document.path, document.tree)
    for scope in (None, in_package(built.place.path).split("/")[0]):
        for found in library.find(built.class_name, scope, None, named).candidates:
            if found.path == built.place.path:
                return arguments_taken(library, found.module, found.qualname)
    return None
