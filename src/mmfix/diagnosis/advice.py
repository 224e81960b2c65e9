"""Advice that asks people for something: told only where the text has not got it."""

from __future__ import annotations

from mmfix.wording import say

GIVE_CONFIG = say("Give the config with --config: it tells the key, and which cure is right.")
OTHER_RANKS = say(
    "Look for the first error of another rank, further up or in its own log file (torchrun --log-dir)."
)
SHOW_NAMES = say("Run once with TORCH_DISTRIBUTED_DEBUG=INFO to see the names of the parameters.")
