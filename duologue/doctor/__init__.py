"""What works here and what does not, stage by stage."""
