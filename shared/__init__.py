"""What both roles stand on: settings, the call specification, linking, engines, events, errors."""
