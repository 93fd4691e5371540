"""A mistake in a TOML file in the words of the person who wrote it: the line, the place in it and the likely cause."""

from campaign.toml_text.mistake import toml_problem

__all__ = ["toml_problem"]
