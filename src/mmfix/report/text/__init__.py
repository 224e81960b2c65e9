"""Results as text that people read, one file a result."""
