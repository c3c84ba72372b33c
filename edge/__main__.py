"""`python -m edge` is `marquee`, for a place where the console script is not on the path."""

from edge.cli import main

main()
