"""Rehearse the training step of a config under real DDP."""
