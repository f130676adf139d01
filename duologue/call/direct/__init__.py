"""Calls without a server: both sides in one process, their audio joined, on a clock of their own.

Agents, sessions, engines and watchdogs are those of the workers; here is only what carries them:
the clock, the pipes and the tick that moves audio between them. See docs/direct.md.
"""
