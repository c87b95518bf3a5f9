"""The playground: a page that shows what a pattern does with records.

The page sends a request as JSON to `evaluation.evaluate`, which runs behind a server (`fp
playground`) or in the browser (`build`).
"""
