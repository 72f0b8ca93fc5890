"""The field names of the built-in kinds, taken from the official client's models."""
