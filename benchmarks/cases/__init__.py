"""Cases from public bug reports, judged through `diagnose --dump`."""
