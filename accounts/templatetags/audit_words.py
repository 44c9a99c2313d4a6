"""`{{ entry.action|action_words }}` and `{{ entry.subject_type|subject_words }}`."""

from django import template

from accounts.audit_words import action_words, subject_words

register = template.Library()
register.filter(action_words)
register.filter(subject_words)
