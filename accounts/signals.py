"""What accounts tells the rooms above, which it may not import."""

from django.dispatch import Signal

# Sent with `project_id` while a deleted project is purged, possibly more than once: receivers delete what has no
# foreign key to the project. It runs in a task and may take long.
project_purged = Signal()
