"""The published recipes as data: one file for each paper."""
