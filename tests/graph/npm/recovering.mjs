// Follows a stream by npm's graphql-ws or graphql-sse through broken lines: `node recovering.mjs ws|sse URL STREAM_ID LAST`.
// Prints the offset of each event, and ends after the one with the offset LAST.
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import WebSocket from "ws";

const [kind, url, streamId, last] = process.argv.slice(2);
const soon = () => new Promise((resolve) => setTimeout(resolve, 50));
const settings = { retryAttempts: 1000, shouldRetry: () => true };
const client =
  kind === "ws"
    ? createWsClient({ ...settings, url: url.replace(/^http/, "ws"), webSocketImpl: WebSocket, retryWait: soon })
    : createSseClient({ ...settings, url, retry: soon });

// Both clients send the payload as it is at the moment when they come back.
const payload = {
  query: "subscription ($id: ID!, $since: String) { streamEvents(streamId: $id, since: $since) { __typename } }",
  variables: { id: streamId },
};
client.subscribe(payload, {
  next: ({ data, extensions }) => {
    if (!extensions?.position) return;
    payload.variables.since = extensions.position;
    const offset = Number(extensions.position.split(":")[1]);
    console.log(JSON.stringify([data.streamEvents.__typename, offset, extensions.recovered ?? null]));
    if (offset >= Number(last)) process.exit(0);
  },
  error: (error) => {
    console.error(error);
    process.exit(1);
  },
  complete: () => process.exit(2),
});
