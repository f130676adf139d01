"""What a fact raises that cannot be said, for nobody could tell what it means."""


class UnclearFact(ValueError):
    """A fact that can be read in more than one way, or in none; says what to write instead."""
