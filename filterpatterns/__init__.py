"""AWS event filter patterns, exact and fast.

>>> import filterpatterns
>>> orders = filterpatterns.compile('{"body": {"total": [{"numeric": [">", 100]}]}}')
>>> orders.matches({"messageId": "1", "body": '{"total": 250}'})
True
"""

from filterpatterns.errors import Diagnostic, PatternError, RecordError
from filterpatterns.filter import Filter, compile

__all__ = ["Diagnostic", "Filter", "PatternError", "RecordError", "compile"]
