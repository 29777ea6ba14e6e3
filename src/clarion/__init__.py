"""Clarion: take an urgent public call from a text to coordinated, lawful action."""
