"""The tutorial, copied whole, and what plays it."""
