"""What tracing tells the rooms above it."""

from django.dispatch import Signal

# Sent inside the transaction with `project_id` and `changes`: a receiver's rows commit with the batch or not at all.
storing = Signal()

# Sent after the commit with `project_id` and `ids` of the observations that were written.
observations_stored = Signal()

# Sent after the commit with `project_id` and the `deletion`: traces or scores of the project were deleted.
deleted = Signal()
