"""MMEngine, mmcv and what derives from them: registries, builders, the sum of the losses."""
