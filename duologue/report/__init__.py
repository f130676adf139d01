"""Pages to look at: the report of a call, and the index of many (docs/report.md)."""
