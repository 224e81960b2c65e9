"""What the public functions return: plain data that knows no format."""
