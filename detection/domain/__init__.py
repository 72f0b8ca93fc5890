"""What detection speaks of, as plain values: no cluster, no database, no settings."""
