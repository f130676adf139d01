"""What happens in a call: each event, its fields, and the journal it is written in."""
