"""What viewers do in a show besides watching, in the graph. `fields` lists what it adds to the schema."""
