"""Types of the fixtures that sign people in."""

from collections.abc import Callable

from django.test import Client

from accounts.models import User

SignIn = Callable[[User], Client]
