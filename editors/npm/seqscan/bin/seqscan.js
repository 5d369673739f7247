#!/usr/bin/env node
// Runs the binary of the package for this platform, as if it had been called itself.

"use strict";

const { spawn } = require("node:child_process");

const platform = `${process.platform}-${process.arch}`;

function binary() {
  if (process.env.SEQSCAN_BINARY) return process.env.SEQSCAN_BINARY;
  const name = process.platform === "win32" ? "seqscan.exe" : "seqscan";
  const known = Object.keys(require("../package.json").optionalDependencies);
  if (!known.includes(`@seqscan/${platform}`)) {
    fail(`there is no binary for ${platform}; \`cargo install seqscan\` builds one, and SEQSCAN_BINARY names it`);
  }
  try {
    return require.resolve(`@seqscan/${platform}/bin/${name}`);
  } catch {
    fail(`the package @seqscan/${platform} is not installed; install seqscan without --omit=optional`);
  }
}

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(2);
}

const child = spawn(binary(), process.argv.slice(2), { stdio: "inherit", windowsHide: true });
// Who ends this script means the program.
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
for (const signal of signals) process.on(signal, () => child.kill(signal));
child.on("error", (error) => fail(`${child.spawnfile}: ${error.message}`));
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  for (const other of signals) process.removeAllListeners(other);
  process.kill(process.pid, signal);
});
