"""The report: an analysis as one page that opens anywhere, is played, looked at and taken from.

Nothing here reads a recording or writes a file: :func:`page` gives the page as text, and
:func:`otowake.results.report.write_report` fills it with sound and writes it.
"""

from otowake.report.page import File, Track, page

__all__ = ["File", "Track", "page"]
