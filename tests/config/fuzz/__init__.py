"""Configs written by a grammar, or mutated, and read by both readers."""
