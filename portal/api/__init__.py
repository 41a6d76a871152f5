"""What every address under ``/api`` has in common, whoever declares it.

    viewsets        base viewsets: fetch from what a person may see, hand validated data to a service
    serializers     strict input: an unknown field is an error, text and JSON are sane
    errors          one error body (RFC 9457), and the one translation of exceptions into it
    permissions     the declared action of a route
    pagination, filters, parsers, renderers
    idempotency     an ``Idempotency-Key`` makes a repeated POST harmless
    rates           how many requests a token or an address has
    schema, views   the OpenAPI document and its two readers
    health          live, ready, version

It knows no table of the portal but its own.
"""
