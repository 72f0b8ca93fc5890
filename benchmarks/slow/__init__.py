"""Slow connections against a real web process."""
