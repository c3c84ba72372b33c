import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";

const welcome = `# Sign in on the page first: this workbench uses the same cookie.
query Welcome {
  viewer {
    displayName
    territory
  }
  titles(first: 5) {
    nodes {
      id
      name
      synopsis
    }
  }
}
`;

function makeFetcher(): Fetcher {
  const { protocol, host, origin } = window.location;
  const socket = `${protocol === "https:" ? "wss:" : "ws:"}//${host}/graphql`;
  return createGraphiQLFetcher({ url: `${origin}/graphql`, wsClient: createClient({ url: socket, lazy: true }) });
}

const fetcher = makeFetcher();

/** The GraphQL workbench, served by the API itself in development; nothing of it comes from elsewhere. */
export function Workbench() {
  return <GraphiQL fetcher={fetcher} defaultQuery={welcome} defaultTheme="dark" />;
}
