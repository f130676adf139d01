"""What was said and heard, turn by turn and word by word."""
