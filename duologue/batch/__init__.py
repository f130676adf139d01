"""Many calls from one plan: made side by side, and gone on with after any end."""
