// Drives Apollo Client with persisted queries: `node apollo.mjs URL`. Prints the answers and what went over the wire.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

const sent = [];
const http = new HttpLink({
  uri: process.argv[2],
  fetch: async (address, options) => {
    const response = await fetch(address, options);
    const body = options.body ? JSON.parse(options.body) : null;
    const asked = body ?? Object.fromEntries(new URL(address).searchParams);
    sent.push({ method: options.method ?? "GET", hasText: Boolean(asked.query), status: response.status });
    return response;
  },
});
const persisted = new PersistedQueryLink({
  sha256: (text) => createHash("sha256").update(text).digest("hex"),
  useGETForHashedQueries: true,
});
const client = new ApolloClient({ link: ApolloLink.from([persisted, http]), cache: new InMemoryCache(), clientAwareness: { name: "apollo-test", version: "1" } });
const query = gql`query ApolloAsks { viewer { id } titles(first: 1) { nodes { id name } } }`;
const answers = [];
for (let round = 0; round < 2; round++) {
  const { data } = await client.query({ query, fetchPolicy: "no-cache" });
  answers.push(data.viewer);
}
console.log(JSON.stringify({ answers, sent }));
client.stop();
