"""The pieces that every HTML page of eyespot is made of: look and safety live here, content not."""
