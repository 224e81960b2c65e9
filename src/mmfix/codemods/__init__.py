"""Cures in people's own code: each a file with its cases; what is written is all of a cure or nothing."""
