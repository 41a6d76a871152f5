"""Every write of monitoring: ``ingestion`` stores deliveries, ``references`` freeze, ``summaries`` count."""
