"""The pages of docs/ that are made from the code, and tests that hold the others against it."""
