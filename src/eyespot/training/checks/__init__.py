"""Before a long training: is the set-up sane? Quick looks at data, network, loss and rate."""
