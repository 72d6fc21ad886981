"""Files that are written into an exported folder as they are; they import nothing of eyespot."""
