"""The business of Marquee, one package per context. Knows no GraphQL and no HTTP server."""
