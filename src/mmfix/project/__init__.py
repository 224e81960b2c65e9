"""What a repository says to mmfix: its settings file, comments that ignore findings, and a baseline."""
