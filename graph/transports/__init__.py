"""How operations travel: HTTP POST and GET, server-sent events, and WebSocket (`graphql-transport-ws`)."""
