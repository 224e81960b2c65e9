"""Results as JSON, one file a result."""
