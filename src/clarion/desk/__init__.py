"""The demo's one page; never part of a real site."""
