"""The call folder: whole, or not there at all."""
