"""`make run`: everything under one supervisor, on a machine with Python and nothing else."""
