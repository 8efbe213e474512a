"""Growing log and CSV files, for machines that can do nothing but write lines."""

from isthmus.connectors.files.config import Files, FilesAddress

__all__ = ["Files", "FilesAddress"]
