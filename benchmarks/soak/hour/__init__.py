"""An hour of real time: real processes, a real Prometheus, both pairs of database and broker."""
