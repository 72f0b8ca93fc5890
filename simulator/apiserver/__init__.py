"""What the API server does with an object between the request and the store."""
