"""A training log -> what happened, which parameters, which config key, which cure."""
