"""Fuzzing of every parser of foreign input: `make fuzz`, and a bounded form in `make test`."""
