// Drives npm's graphql-ws or graphql-sse: `node following.mjs ws|sse URL TOKEN ASSET_ID`. Prints one JSON line for each thing heard.
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import WebSocket from "ws";

const [kind, url, token, assetId] = process.argv.slice(2);
const say = (what, value) => console.log(JSON.stringify([what, value ?? null]));

const clients = {
  ws: () =>
    createWsClient({
      url: url.replace(/^http/, "ws"),
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 5,
      retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
      on: { connected: () => say("connected"), closed: (event) => say("closed", event.code) },
    }),
  sse: () =>
    createSseClient({
      url,
      headers: { authorization: `Bearer ${token}` },
      retryAttempts: 5,
      retry: () => new Promise((resolve) => setTimeout(resolve, 20)),
    }),
};

const client = clients[kind]();
const told = (error) => (Array.isArray(error) ? error.map((one) => one.extensions?.code) : String(error?.message ?? error));

function run(name, payload) {
  return new Promise((resolve) => {
    client.subscribe(payload, {
      next: (answer) => say(`${name} next`, answer),
      error: (error) => resolve(say(`${name} error`, told(error))),
      complete: () => resolve(say(`${name} complete`)),
    });
  });
}

await run("query", { query: "query Who { viewer { id } }" });
await run("mutation", { query: "mutation ($input: RevokePlaybackInput!) { revokePlayback(input: $input) { __typename } }", variables: { input: { sessionId: "x" } } });
await run("wrong", { query: "{ nothing }" });
await run("hidden", { query: "subscription ($id: ID!) { transcodeProgress(assetId: $id) { state } }", variables: { id: "x" } });
await run("progress", { query: "subscription ($id: ID!) { transcodeProgress(assetId: $id) { state } }", variables: { id: assetId } });
await client.dispose();
