"""What is held about an address, its links, erasing, keep-until."""
