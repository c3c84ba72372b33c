// A code generator plugin: each operation becomes an id, the SHA-256 of its text with all its fragments.
import { createHash } from "node:crypto";
import { Kind, print, visit } from "graphql";

const definitionsOf = (documents, kind) =>
  documents.flatMap(({ document }) => document.definitions).filter((definition) => definition.kind === kind);

function spreadsIn(definition) {
  const names = [];
  visit(definition, { FragmentSpread: (spread) => void names.push(spread.name.value) });
  return names;
}

/** The operation's own text, then its fragments in the order of their names. */
function textOf(operation, fragments) {
  const needed = new Set();
  const waiting = spreadsIn(operation);
  for (const name of waiting) {
    if (needed.has(name)) continue;
    needed.add(name);
    waiting.push(...spreadsIn(fragments.get(name)));
  }
  return [operation, ...[...needed].sort().map((name) => fragments.get(name))].map(print).join("\n\n");
}

function operationsOf(documents) {
  const fragments = new Map(definitionsOf(documents, Kind.FRAGMENT_DEFINITION).map((one) => [one.name.value, one]));
  return definitionsOf(documents, Kind.OPERATION_DEFINITION).map((operation) => {
    const text = textOf(operation, fragments);
    const id = createHash("sha256").update(text).digest("hex");
    return { name: operation.name.value, kind: operation.operation, text, id };
  });
}

/** What the build registers with the server: texts by their ids. */
export function manifestOf(documents) {
  return Object.fromEntries(operationsOf(documents).map(({ id, text }) => [id, text]));
}

const pascal = (word) => word[0].toUpperCase() + word.slice(1);

export function plugin(_schema, documents) {
  const lines = operationsOf(documents).map(({ name, kind, id }) => {
    const types = `${pascal(name)}${pascal(kind)}, ${pascal(name)}${pascal(kind)}Variables`;
    return `export const ${pascal(name)}Document = new TrustedDocument<${types}>("${id}", "${kind}");`;
  });
  return { prepend: ['import { TrustedDocument } from "../api/trusted-document";'], content: lines.join("\n") };
}
