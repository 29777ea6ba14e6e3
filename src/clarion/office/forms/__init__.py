"""What the office's forms take, and how it is said when they do not."""
