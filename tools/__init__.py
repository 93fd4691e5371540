"""Scripts for those who work on campaign; none is part of the package."""
