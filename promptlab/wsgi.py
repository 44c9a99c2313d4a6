import os

import django

from promptlab.handler import PromptLabHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "promptlab.settings")
django.setup(set_prefix=False)
application = PromptLabHandler()
