"""Small model files with a known fault, or with a healthy look-alike of one; ``cases.py`` says which."""
