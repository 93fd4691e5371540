"""Payload templates: loaded, compiled once, and rendered for every row."""

from campaign.messages.binding import Binding, Mapped
from campaign.messages.template import Message, MessageTemplate, compile_template
from campaign.messages.template_file import TemplateFile, find_template, load_template, shipped_templates

__all__ = [
    "Binding",
    "Mapped",
    "Message",
    "MessageTemplate",
    "TemplateFile",
    "compile_template",
    "find_template",
    "load_template",
    "shipped_templates",
]
