"""What `make cluster` starts besides the nodes."""
