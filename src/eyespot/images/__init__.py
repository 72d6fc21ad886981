"""Photos in, pixels out: one decoder, one preprocessing, the same array everywhere."""
