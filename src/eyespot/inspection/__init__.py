"""Looking inside: what a network's blocks are made of, and what it sees in photos."""
