"""Python: its builtins, containers, `copy`, and what looks into objects."""
