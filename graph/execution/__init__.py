"""Compiled execution: a validated operation becomes a plan of generated Python, which loads level by level.

    collecting   which fields a selection asks for, fragments and directives worked out
    plans        how each field is read: from its row, from a batch load, from a derivation, from a call
    leaves       how values are written
    writing      a plan's Python source
    running      one execution: loads, children, errors
    completing   the slow, exact way, for a row in which something went wrong
    compiled     the door: which operations are compiled, and their kept plans

It is a fast path and never a dialect: what it cannot do goes to graphql-core, counted, and a law compares the two.
"""
