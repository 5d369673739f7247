// The extension: it starts the language server and stays out of its way.

import * as os from "node:os";
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";
import { findBinary } from "./find";

const LANGUAGES = ["python", "javascript", "javascriptreact", "typescript", "typescriptreact", "sql", "prisma", "django-html", "jinja", "jinja-html"];

/** Settings of the server. */
const SERVER_SETTINGS = ["enable", "configuration", "diagnosticMode", "run", "hover"];

/** Settings that decide which server is run; the others the server asks for by itself. */
const RESTARTING = ["seqscan.path", "seqscan.importStrategy"];

let client: LanguageClient | undefined;
let log: vscode.LogOutputChannel;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  log = vscode.window.createOutputChannel("seqscan", { log: true });
  const restart = (): Promise<void> => start(context);
  context.subscriptions.push(
    log,
    vscode.commands.registerCommand("seqscan.restart", restart),
    vscode.commands.registerCommand("seqscan.showLog", () => log.show()),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (RESTARTING.some((key) => change.affectsConfiguration(key))) {
        await restart();
      }
    }),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await client?.dispose();
  client = undefined;
}

async function start(context: vscode.ExtensionContext): Promise<void> {
  await deactivate();
  const settings = vscode.workspace.getConfiguration("seqscan");
  const command = findBinary({
    paths: settings.get<string[]>("path", []),
    strategy: settings.get("importStrategy", "fromEnvironment"),
    trusted: vscode.workspace.isTrusted,
    folders: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
    extension: context.extensionPath,
    env: process.env,
    home: os.homedir(),
    platform: process.platform,
  });
  if (command === undefined) {
    log.error("no seqscan binary was found: set `seqscan.path`, or install it (`pip install seqscan`, `cargo install seqscan`)");
    void vscode.window.showErrorMessage("seqscan: no binary was found. Set `seqscan.path`, or install seqscan.");
    return;
  }
  log.info(`runs ${command} lsp`);
  const server: ServerOptions = { command, args: ["lsp"] };
  const initial = Object.fromEntries(SERVER_SETTINGS.map((key) => [key, settings.get(key)]));
  const options: LanguageClientOptions = {
    documentSelector: LANGUAGES.map((language) => ({ scheme: "file", language })),
    initializationOptions: initial,
    outputChannel: log,
  };
  client = new LanguageClient("seqscan", "seqscan", server, options);
  await client.start();
}
