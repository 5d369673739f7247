// The server, as the protocol library of Visual Studio Code understands it. SEQSCAN names the binary.

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { test } = require("node:test");
const { pathToFileURL } = require("node:url");
const protocol = require("vscode-languageserver-protocol/node");

const TEXT = `import sqlite3

db = sqlite3.connect("app.db")


def names(ids):
    for id in ids:
        yield "😀", db.execute("SELECT name FROM users WHERE id = ?", (id,)).fetchone()
`;

test("a session", { skip: process.env.SEQSCAN === undefined && "SEQSCAN is not set" }, async () => {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "seqscan-")));
  fs.mkdirSync(path.join(root, ".git"));
  const file = path.join(root, "app.py");
  fs.writeFileSync(file, TEXT);
  const uri = pathToFileURL(file).href;
  const server = spawn(process.env.SEQSCAN, ["lsp", "--stdio", "--clientProcessId=" + process.pid], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => server.on("exit", resolve));
  const connection = protocol.createProtocolConnection(
    new protocol.StreamMessageReader(server.stdout),
    new protocol.StreamMessageWriter(server.stdin),
  );
  const progress = [];
  connection.onRequest(protocol.WorkDoneProgressCreateRequest.type, () => undefined);
  connection.onRequest(protocol.ConfigurationRequest.type, ({ items }) => items.map(() => ({ hover: true })));
  connection.onRequest(protocol.RegistrationRequest.type, () => undefined);
  connection.onRequest(protocol.DiagnosticRefreshRequest.type, () => undefined);
  connection.onNotification("$/progress", (params) => progress.push(params.value.kind));
  connection.listen();

  const { capabilities } = await connection.sendRequest(protocol.InitializeRequest.type, {
    processId: process.pid,
    rootUri: null,
    workspaceFolders: [{ uri: pathToFileURL(root).href, name: "x" }],
    capabilities: {
      general: { positionEncodings: ["utf-16"] },
      window: { workDoneProgress: true },
      workspace: { configuration: true, diagnostics: { refreshSupport: true } },
      textDocument: { diagnostic: { relatedDocumentSupport: false, relatedInformation: true } },
    },
  });
  assert.equal(capabilities.positionEncoding, "utf-16");
  await connection.sendNotification(protocol.InitializedNotification.type, {});
  await connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: "python", version: 1, text: TEXT },
  });
  const report = await connection.sendRequest(protocol.DocumentDiagnosticRequest.type, { textDocument: { uri } });
  assert.equal(report.kind, "full");
  const found = report.items.find((item) => item.code === "query-in-loop");
  assert.deepEqual(found.range.start, { line: 7, character: 23 });
  assert.equal(found.relatedInformation[0].location.uri, uri);

  const hover = await connection.sendRequest(protocol.HoverRequest.type, { textDocument: { uri }, position: found.range.start });
  assert.match(hover.contents.value, /table `users`/);
  assert.match(hover.contents.value, /runs once per run of `for id in ids` in `names`/);

  const actions = await connection.sendRequest(protocol.CodeActionRequest.type, {
    textDocument: { uri },
    range: found.range,
    context: { diagnostics: [found], triggerKind: protocol.CodeActionTriggerKind.Invoked },
  });
  const ignore = actions.find((action) => action.title.startsWith("Ignore"));
  const [edit] = ignore.edit.changes[uri];
  await connection.sendNotification(protocol.DidChangeTextDocumentNotification.type, {
    textDocument: { uri, version: 2 },
    contentChanges: [{ range: edit.range, text: edit.newText }],
  });
  const after = await connection.sendRequest(protocol.DocumentDiagnosticRequest.type, { textDocument: { uri } });
  assert.deepEqual(after.items.map((item) => item.code), []);
  await assert.rejects(connection.sendRequest("textDocument/nothing", {}), { code: protocol.ErrorCodes.MethodNotFound });

  await connection.sendRequest(protocol.ShutdownRequest.type);
  await connection.sendNotification(protocol.ExitNotification.type);
  assert.equal(await ended, 0);
  connection.dispose();
  fs.rmSync(root, { recursive: true });
});
