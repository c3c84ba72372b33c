// Runs every audit of GraphQL over HTTP that npm's graphql-http has, and prints what is not all right.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2] });
const faults = results
  .filter(({ status }) => status !== "ok")
  .map(({ id, name, status, reason }) => `${status} ${id} ${name}: ${reason}`);
console.log(JSON.stringify({ count: results.length, faults }));
