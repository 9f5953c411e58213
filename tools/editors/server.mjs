// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// The YAML language server as editors start it, asked as they ask it.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = createRequire(import.meta.url)("vscode-jsonrpc/node");

export class Server {
  #connection;
  #process;
  #problems = new Map();

  constructor(program) {
    this.#process = spawn(process.execPath, [program, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
    this.#connection = createMessageConnection(new StreamMessageReader(this.#process.stdout), new StreamMessageWriter(this.#process.stdin));
    this.#connection.onRequest("workspace/configuration", ({ items }) => items.map(settings));
    this.#connection.onRequest(() => null);
    this.#connection.onNotification("textDocument/publishDiagnostics", ({ uri, diagnostics }) => this.#problems.get(uri)?.(diagnostics));
    this.#connection.listen();
  }

  async start(folder) {
    await this.#connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(folder).href,
      capabilities: { workspace: { configuration: true }, textDocument: { hover: { contentFormat: ["markdown"] } } },
    });
    await this.#connection.sendNotification("initialized", {});
  }

  stop() {
    this.#connection.dispose();
    this.#process.kill();
  }

  // open shows a file to the server, and returns what it finds wrong.
  open(path, text) {
    const uri = pathToFileURL(path).href;
    const found = new Promise((resolve) => this.#problems.set(uri, resolve));
    this.#connection.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
    return found;
  }

  async complete(path, position) {
    const list = await this.#at("completion", path, position);
    return list.items;
  }

  async hover(path, position) {
    const answer = await this.#at("hover", path, position);
    return answer.contents.value;
  }

  #at(what, path, position) {
    return this.#connection.sendRequest(`textDocument/${what}`, { textDocument: { uri: pathToFileURL(path).href }, position });
  }
}

// settings are those of Visual Studio Code without a change.
function settings({ section }) {
  return section === "yaml" ? { validate: true, hover: true, completion: true, hoverSchemaSource: false, schemaStore: { enable: false } } : {};
}
