"""The pieces that every HTML page of eyespot is made of; LOOK and safety live here, content does not."""
