"""What `marquee run` needs on one machine: an embedded PostgreSQL, child processes, and checks before the start."""
