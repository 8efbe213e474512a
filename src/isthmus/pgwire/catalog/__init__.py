"""What clients read of `pg_catalog` and `information_schema`, made from plain facts."""

from isthmus.pgwire.catalog.build import Catalog, catalog
from isthmus.pgwire.catalog.fact import ColumnFact, RelationFact

__all__ = ["Catalog", "ColumnFact", "RelationFact", "catalog"]
