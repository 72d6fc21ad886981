"""eyespot: a folder of photos becomes an image classifier you can trust."""
