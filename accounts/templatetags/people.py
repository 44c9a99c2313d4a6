"""What pages of signed-out people need to know."""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def signup_is_open() -> bool:
    """Whether anybody may make an account (PROMPTLAB_SIGNUP=open)."""
    return settings.SIGNUP_OPEN


@register.simple_tag
def mail_is_configured() -> bool:
    """Whether mails leave the house; otherwise they are written into files."""
    return settings.MAIL_CONFIGURED
