"""What a classifier knows of itself: fitted, and measured on photos that it had not seen."""
