"""SQLite that refuses what PostgreSQL refuses, so that the default run of the tests notices it."""
