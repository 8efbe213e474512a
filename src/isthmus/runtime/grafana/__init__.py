"""Dashboards for Grafana, made from the plant model, over the SQL endpoint."""
