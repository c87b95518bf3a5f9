"""The function that receives the events: in this process, in another one, or at a URL."""

from __future__ import annotations

from filterpatterns.integrations.sqs.handlers.base import Handler, HandlerError, NotJson
from filterpatterns.integrations.sqs.handlers.command import Command
from filterpatterns.integrations.sqs.handlers.context import LambdaContext
from filterpatterns.integrations.sqs.handlers.python import PythonFunction, PythonModule
from filterpatterns.integrations.sqs.handlers.url import InvokeUrl

__all__ = [
    "Command",
    "Handler",
    "HandlerError",
    "InvokeUrl",
    "LambdaContext",
    "NotJson",
    "PythonFunction",
    "PythonModule",
]
