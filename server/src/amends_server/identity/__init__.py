"""Who calls, and what they may: identity, tenants, quotas, certificates and the audit log.

`tokens`, `jwts`, `quotas`, `tenants` and `authentication` are pure: no gRPC, no asyncio. The others bring them to the
service.
"""
