"""The leader's page: where cases pile up, who is late, and how areas compare, month by month."""
