"""A hotel for Duologue: its front desk, a voice, and a metric."""
