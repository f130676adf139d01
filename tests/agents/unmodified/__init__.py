"""Agents as others write them, each in a file of its own; they know nothing of this project.

Their language model is whatever OPENAI_BASE_URL names. Their speech engines are services that
nobody can reach here.
"""
