"""English: how it is said, and how it is heard."""
