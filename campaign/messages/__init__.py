"""Payload templates: loaded and compiled once, then rendered for every row."""

from campaign.messages.binding import Binding, Mapped
from campaign.messages.template import MessageTemplate, RenderedRow, compile_template
from campaign.messages.template_file import TemplateFile, find_template, load_template, shipped_templates

__all__ = [
    "Binding",
    "Mapped",
    "MessageTemplate",
    "RenderedRow",
    "TemplateFile",
    "compile_template",
    "find_template",
    "load_template",
    "shipped_templates",
]
