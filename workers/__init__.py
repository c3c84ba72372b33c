"""The workers: one shallow module of job handlers per context that has jobs, and the process that runs them."""
