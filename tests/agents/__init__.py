"""Agents as somebody else writes them: plain livekit-agents, with default options for the room.

They know nothing of this project but where local engines are to be had.
"""
