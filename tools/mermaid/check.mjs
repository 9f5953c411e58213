// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Reads reports, and fails if the parser of Mermaid does not take a picture in them.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(process.env.NODE_MODULES + "/");
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { JSDOM } = await load("jsdom");
const { window } = new JSDOM("");
Object.assign(globalThis, { window, document: window.document });
const mermaid = (await load("mermaid")).default;

let pictures = 0;
for (const file of process.argv.slice(2)) {
  for (const [, text] of readFileSync(file, "utf8").matchAll(/^```mermaid\n(.*?)^```$/gms)) {
    pictures++;
    try {
      await mermaid.parse(text);
    } catch (error) {
      console.error(`${file}: ${error.message}\n${text}`);
      process.exitCode = 1;
    }
  }
}
console.log(`Mermaid reads ${pictures} pictures`);
if (pictures === 0) process.exitCode = 1;
