"""Somebody's LiveKit agent file in a call without a server: what runs in the process of the agent.

It is imported by the Python of the agent's own environment, of which it needs livekit-agents alone,
and so imports nothing else of this project. How both processes work together: docs/direct.md.
"""
