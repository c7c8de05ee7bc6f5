"""The page that shows an evaluation: one file that needs no other."""

from offline.evaluating.report.page import report_page
from offline.evaluating.report.thumbnails import Thumbnails

__all__ = ["Thumbnails", "report_page"]
