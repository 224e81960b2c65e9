"""Python text without running it: what the readers of configs, models and scripts have in common."""
