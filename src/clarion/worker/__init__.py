"""Three loops that never wait for each other: drain and count; mail; publish and scheduled work."""
