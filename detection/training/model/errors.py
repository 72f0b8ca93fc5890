"""What training says when it can't: free of the libraries that it needs."""


class TooLittleData(ValueError):
    """Not enough normal samples to train on; the message says how many there are."""


class NoHistory(ValueError):
    """There is no metric history to read; the message says why."""
