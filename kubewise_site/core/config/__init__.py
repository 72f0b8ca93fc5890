"""The settings: one table, read from the environment and .env, and written as .env.example."""
