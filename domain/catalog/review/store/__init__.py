"""The tables of editorial review, and all their SQL."""
