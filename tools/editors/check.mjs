// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Compiles the schemas as strictly as Ajv can, and compares what the YAML language server says
// with them with what stands in testdata. UPDATE_GOLDEN=1 rewrites it.
//
//   node tools/editors/check.mjs PROGRAM

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import { Server } from "./server.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const cursor = "█";

// Each kind of question, and how its answer is written.
const questions = {
  completion: async (server, path, at) => {
    const items = await server.complete(path, at);
    return items.map((item) => `${item.label}: ${JSON.stringify(item.insertText ?? item.textEdit.newText)}`).sort().join("\n");
  },
  hover: (server, path, at) => server.hover(path, at),
  mistakes: (server, path, at, problems) =>
    problems.map(({ range, message }) => `${range.start.line + 1}:${range.start.character + 1}: ${message}`).join("\n"),
};

async function answer(server, folder, kind, file) {
  const marked = readFileSync(join(here, "testdata", kind, file), "utf8");
  const before = marked.split(cursor)[0].split("\n");
  const at = { line: before.length - 1, character: before.at(-1).length };
  const path = join(folder, `${kind}-${file}`);
  const problems = await server.open(path, marked.replace(cursor, ""));
  return `${(await questions[kind](server, path, at, problems)).trim()}\n`;
}

function compare(path, got) {
  if (process.env.UPDATE_GOLDEN) {
    writeFileSync(path, got);
    return true;
  }
  const want = existsSync(path) ? readFileSync(path, "utf8") : "";
  if (got !== want) {
    console.error(`${path}, refresh with UPDATE_GOLDEN=1 make editors:\n--- want\n${want}--- got\n${got}`);
  }
  return got === want;
}

// compileAll fails for a schema that is not of draft 7, but for the words of editors.
function compileAll(schemas) {
  for (const name of readdirSync(schemas)) {
    const ajv = new Ajv({ strict: true, validateFormats: false });
    ajv.addVocabulary(["enumDescriptions", "patternErrorMessage"]);
    ajv.compile(JSON.parse(readFileSync(join(schemas, name), "utf8")));
  }
}

compileAll(join(here, "../../schemas/json"));
const folder = mkdtempSync(join(tmpdir(), "editors-"));
const server = new Server(join(here, "node_modules/yaml-language-server/bin/yaml-language-server"));
try {
  writeFileSync(join(folder, "egressbundle.schema.json"), execFileSync(process.argv[2], ["schema"]));
  await server.start(folder);
  for (const kind of Object.keys(questions)) {
    for (const file of readdirSync(join(here, "testdata", kind)).filter((name) => name.endsWith(".yaml"))) {
      const got = await answer(server, folder, kind, file);
      if (!compare(join(here, "testdata", kind, file.replace(".yaml", ".txt")), got)) {
        process.exitCode = 1;
      }
    }
  }
} finally {
  server.stop();
  rmSync(folder, { recursive: true });
}
