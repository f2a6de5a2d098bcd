"""Every component of the pages on one page, for those who write pages."""
