"""The doors of the authorization server: OAuth 2.1 and OpenID Connect over HTTP, on Authlib's server."""
