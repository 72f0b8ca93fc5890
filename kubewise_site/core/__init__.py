"""What both applications stand on. Nothing in here imports either of them."""
