"""What is known by heart of Python, torch and the frameworks, so that their source need not be read."""
