"""What git knows of a repository: what it ignores, and what has changed since a revision."""
