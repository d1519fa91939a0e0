"""Reports of a record: a page to look at, a table for a pull request, and JSON for programs.

Reads records and knows how they look; measures nothing but slices, and asks nobody anything.
"""

from amends_eval.report.explorer import Texts
from amends_eval.report.page import html_page
from amends_eval.report.plain import as_json
from amends_eval.report.pull_request import markdown

__all__ = ["Texts", "as_json", "html_page", "markdown"]
