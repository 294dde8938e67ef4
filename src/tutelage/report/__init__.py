"""The report: runs of studies written as files and as one self-contained HTML page."""
