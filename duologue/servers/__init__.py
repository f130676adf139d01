"""A local server and both workers: started, kept alive, found again."""
