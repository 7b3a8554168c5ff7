"""The report: an analysis as a self-contained page with audio player, figures and downloads.

This package reads no recordings and writes no files: :func:`page` returns the page as text, and
:func:`otowake.results.report.write_report` adds the audio and writes the file.
"""

from otowake.report.page import EngravedScore, File, Track, page

__all__ = ["EngravedScore", "File", "Track", "page"]
