"""The stages of labelling: at once, or again."""
