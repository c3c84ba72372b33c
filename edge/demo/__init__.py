"""The demo: a few people, and a few titles whose pictures and sounds are computed, so that they belong to nobody."""
