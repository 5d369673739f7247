// Which binary is run. Nothing here knows the editor, so that it can be tested without one.

import * as fs from "node:fs";
import * as path from "node:path";

export interface Where {
  /** `seqscan.path`. */
  paths: string[];
  /** `seqscan.importStrategy`. */
  strategy: "fromEnvironment" | "useBundled";
  /** Whether files of the workspace may be run. */
  trusted: boolean;
  /** The folders of the workspace. */
  folders: string[];
  /** The folder of the extension. */
  extension: string;
  env: NodeJS.ProcessEnv;
  home: string;
  platform: NodeJS.Platform;
}

/** The binary, or nothing if there is none. */
export function findBinary(where: Where): string | undefined {
  const name = where.platform === "win32" ? "seqscan.exe" : "seqscan";
  const bundled = path.join(where.extension, "bundled", name);
  const configured = where.trusted ? where.paths.flatMap((written) => expanded(written, where)) : [];
  const environment = [...(where.trusted ? inProject(name, where) : []), ...onPath(name, where)];
  const candidates =
    where.strategy === "useBundled" ? [...configured, bundled, ...environment] : [...configured, ...environment, bundled];
  return candidates.find(isExecutable);
}

/** Virtual environments and node_modules of the workspace. */
function inProject(name: string, where: Where): string[] {
  const scripts = where.platform === "win32" ? "Scripts" : "bin";
  const environments = where.folders.flatMap((folder) => [path.join(folder, ".venv"), path.join(folder, "venv")]);
  if (where.env.VIRTUAL_ENV) {
    environments.unshift(where.env.VIRTUAL_ENV);
  }
  const modules = where.folders.map((folder) => path.join(folder, "node_modules", ".bin", name));
  return [...environments.map((folder) => path.join(folder, scripts, name)), ...modules];
}

function onPath(name: string, where: Where): string[] {
  const separator = where.platform === "win32" ? ";" : ":";
  const folders = (where.env.PATH ?? where.env.Path ?? "").split(separator).filter((folder) => path.isAbsolute(folder));
  return folders.map((folder) => path.join(folder, name));
}

function expanded(written: string, where: Where): string[] {
  const home = written.startsWith("~/") ? path.join(where.home, written.slice(2)) : written;
  if (!home.includes("${workspaceFolder}")) {
    return path.isAbsolute(home) ? [home] : where.folders.map((folder) => path.join(folder, home));
  }
  return where.folders.map((folder) => home.replaceAll("${workspaceFolder}", folder));
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
