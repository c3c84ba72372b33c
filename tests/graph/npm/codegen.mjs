// Generates code and a manifest with GraphQL Code Generator's client preset: `node codegen.mjs SCHEMA FOLDER`.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { codegen } from "@graphql-codegen/core";
import { preset } from "@graphql-codegen/client-preset";
import { buildSchema, parse } from "graphql";

const [schemaPath, folder] = process.argv.slice(2);
const schemaText = await readFile(schemaPath, "utf8");
const text = `
  query Listed($first: Int) { titles(first: $first) { pageInfo { endCursor } nodes { ...Card } } }
  fragment Card on Title { id name kind publishedAt }
  mutation Made($input: CreateTitleInput!) { createTitle(input: $input) { __typename ... on Problem { code } } }
  subscription Followed($id: ID!) { transcodeProgress(assetId: $id) { state } }
`;
const outputs = await preset.buildGeneratesSection({
  baseOutputDir: `${folder}/`,
  schema: parse(schemaText),
  schemaAst: buildSchema(schemaText),
  documents: [{ location: "page.graphql", document: parse(text), rawSDL: text }],
  config: {},
  presetConfig: { persistedDocuments: { hashAlgorithm: "sha256" } },
  plugins: [],
  pluginMap: {},
});
for (const output of outputs) {
  await mkdir(dirname(output.filename), { recursive: true });
  await writeFile(output.filename, await codegen({ ...output, schemaAst: output.schemaAst ?? buildSchema(schemaText) }));
}
console.log(JSON.stringify(outputs.map(({ filename }) => filename)));
