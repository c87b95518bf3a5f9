"""A language server: diagnostics, hovers, completions and quick fixes in editors (extra `lsp`).

`fp lsp` runs it; `create_server` creates one.
"""

from filterpatterns.integrations.lsp.server import create_server
from filterpatterns.integrations.lsp.settings import Settings

__all__ = ["Settings", "create_server"]
