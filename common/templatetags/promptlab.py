"""Filters and tags that every page may use (builtins: no `{% load %}` needed)."""

from django import template

register = template.Library()
