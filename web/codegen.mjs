// Types the page's operations from the API's schema: `../schema.graphql` and every `src/**/*.graphql` become `src/gql/operations.ts`.
// The page sends the ids of its documents only; the texts go into `src/gql/persisted.json`, which the server registers.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { codegen } from "@graphql-codegen/core";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { buildSchema, parse, validate } from "graphql";
import { manifestOf, plugin as trustedDocuments } from "./trusted-documents.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const schemaPath = process.env.MARQUEE_SCHEMA ?? join(here, "..", "schema.graphql");
const output = join(here, "src", "gql", "operations.ts");
const manifest = join(here, "src", "gql", "persisted.json");

async function readDocuments(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".graphql"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(paths.map(async (location) => ({ location, document: parse(await readFile(location, "utf8")) })));
}

function refuseInvalid(schema, documents) {
  const whole = { kind: "Document", definitions: documents.flatMap(({ document }) => document.definitions) };
  const errors = validate(schema, whole);
  if (errors.length === 0) return;
  for (const error of errors) console.error(`operation does not fit the schema: ${error.message}`);
  process.exit(1);
}

const schemaText = await readFile(schemaPath, "utf8");
const schema = buildSchema(schemaText);
const documents = await readDocuments(join(here, "src"));
refuseInvalid(schema, documents);

const config = {
  enumsAsTypes: true,
  enumType: "string-literal",
  useTypeImports: true,
  skipTypename: true,
  immutableTypes: true,
  strictScalars: true,
  scalars: { DateTime: "string", ID: "string" },
};
const content = await codegen({
  schema: parse(schemaText),
  documents,
  filename: output,
  config,
  plugins: [{ operations: {} }, { documents: {} }],
  pluginMap: { operations: typescriptOperations, documents: { plugin: trustedDocuments } },
});
await mkdir(dirname(output), { recursive: true });
await writeFile(output, `${content}\n`);
await writeFile(manifest, `${JSON.stringify(manifestOf(documents), null, 1)}\n`);
