"""The playground: a page that shows what a pattern does with records.

The page sends a request as JSON to `evaluation.evaluate`, which runs in a server (`fp playground`)
or in the browser (`build`).
"""
