"""What a classifier knows of itself, fitted and measured: novelty, coverage, suspect labels."""
