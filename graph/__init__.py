"""The graph: one GraphQL API over the domain, and nothing else.

`schema` puts the types of the contexts together, one module per context of the same name. A type's plain fields are
read straight from the domain's row; a field that leads to other rows declares a batch load (`batching`).
`operations` parses, bounds and validates documents once; `answering` executes them; `transports` carries them.
"""
