"""Random changes to training photos, one file each: seeded, live, the same on every machine."""
