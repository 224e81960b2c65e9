"""Verdicts kept between runs."""
