"""What a model's source code says about it, read from the syntax tree: nothing is imported, nothing runs."""
