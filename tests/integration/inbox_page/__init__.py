"""The sandbox's inbox page in a real browser."""
