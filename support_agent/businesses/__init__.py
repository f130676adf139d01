"""The businesses the support agent can work for, a folder each."""
