"""Training from scratch: recipes of the papers as values, the loop, and its checks."""
