"""What is inside a network: its filters, what its layers answer, the photos that move a unit."""
