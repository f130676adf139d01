"""Our providers, a module each, named as the provider; its `PROVIDER` says all of it."""
