"""A pass over a cluster with hostile objects: who is judged, and how long it takes."""
