"""What calls are about: scenarios and personas, and the bundled files of both."""
