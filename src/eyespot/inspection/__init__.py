"""Looking inside a network: what its blocks are made of, traced while they run, and drawn."""
