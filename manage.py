#!/usr/bin/env python
"""Django's command line for PromptLab; `python manage.py up` starts everything."""

import os
import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["up"]:  # before Django: it makes what the settings ask for
        from promptlab.up import main

        sys.exit(main(sys.argv[2:]))

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptlab.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
