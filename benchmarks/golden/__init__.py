"""Records what the product does, so that a restructuring can be shown to change none of it."""
