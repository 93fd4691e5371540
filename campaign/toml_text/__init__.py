"""TOML files: a mistake in one is said in the words of the person who wrote it, with the place and the likely cause."""

from campaign.toml_text.mistake import toml_problem
from campaign.toml_text.reading import read_toml

__all__ = ["read_toml", "toml_problem"]
