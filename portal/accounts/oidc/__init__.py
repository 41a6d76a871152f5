"""Single sign-on by OpenID Connect: allauth's provider, made to verify what the server says.

The package trusts the connection to the server and leaves out what the standard lets it leave out. Here the
signature of the identity token, its issuer, audience, age and nonce are checked every time, and the user
information counts only when it speaks of the same subject.
"""
