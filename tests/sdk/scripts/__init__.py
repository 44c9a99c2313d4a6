"""What each SDK tells; every script runs in the environment of its SDK. `story.py` is read by the tests as well."""
