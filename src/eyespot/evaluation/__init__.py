"""How good is it, how sure are we of that, on what, and what next: measures and the report."""
