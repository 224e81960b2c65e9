"""A sentence that people read: a template with named fields; `locale/mmfix.pot` has all of them."""

from __future__ import annotations


def say(template: str, **fields: object) -> str:
    """The sentence of a template.

    Args:
        template: The sentence as it stands in the catalog, a literal: ``"{config} sets no {key}"``. Without
            fields it is the sentence itself, braces and all.
        fields: What stands in place of ``{name}``, as ``str()`` writes it.

    Raises:
        KeyError: The template has a field that is not given.
    """
    return template.format(**fields) if fields else template


def mark(template: str) -> str:
    """A template that stands in a table, for the catalog; `say` fills it in where it is used."""
    return template
