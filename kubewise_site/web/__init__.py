"""The web server: one event loop for all connections, a few threads for the answers."""
