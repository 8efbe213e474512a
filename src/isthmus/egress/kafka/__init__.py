"""Samples and events as records of Apache Kafka, or of what speaks its protocol."""
