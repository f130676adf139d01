"""The `duologue` command: its commands, their options, and what they show. Nothing imports it."""
