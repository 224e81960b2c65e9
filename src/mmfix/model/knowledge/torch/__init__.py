"""torch: layers, modules and their methods, tensors, checkpoints, the order of parameters."""
