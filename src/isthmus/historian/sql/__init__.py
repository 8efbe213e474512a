"""SQL over the history: what it sees, and how a query is kept within it."""

from isthmus.historian.sql.select import UnreadableError, select
from isthmus.historian.sql.shelf import Shelf, shelve
from isthmus.historian.sql.stock import Stock

__all__ = ["Shelf", "Stock", "UnreadableError", "select", "shelve"]
