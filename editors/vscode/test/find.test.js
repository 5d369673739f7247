// Which binary the extension runs.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { test } = require("node:test");
const { findBinary } = require("../dist/find.js");

/** A workspace in which these binaries exist. */
function found(binaries, more = {}) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "seqscan-"));
  for (const binary of binaries) {
    const file = path.join(root, binary);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, "", { mode: 0o755 });
  }
  const binary = findBinary({
    paths: [],
    strategy: "fromEnvironment",
    trusted: true,
    folders: [path.join(root, "work")],
    extension: path.join(root, "extension"),
    env: { PATH: path.join(root, "path") },
    home: path.join(root, "home"),
    platform: "linux",
    ...more,
  });
  fs.rmSync(root, { recursive: true });
  return binary === undefined ? undefined : path.relative(root, binary);
}

const ALL = ["work/.venv/bin/seqscan", "work/node_modules/.bin/seqscan", "path/seqscan", "extension/bundled/seqscan"];

test("the nearest binary is run", () => {
  ALL.forEach((expected, nth) => assert.equal(found(ALL.slice(nth)), expected));
  assert.equal(found([]), undefined);
});

test("the user decides", () => {
  assert.equal(found([...ALL, "home/x/seqscan"], { paths: ["~/nothing", "~/x/seqscan"] }), "home/x/seqscan");
  assert.equal(found([...ALL, "work/x"], { paths: ["${workspaceFolder}/x"] }), "work/x");
  assert.equal(found([...ALL, "work/x"], { paths: ["x"] }), "work/x");
  assert.equal(found(ALL, { strategy: "useBundled" }), "extension/bundled/seqscan");
});

test("nothing of an untrusted workspace is run", () => {
  assert.equal(found(ALL, { trusted: false }), "path/seqscan");
  assert.equal(found([...ALL, "work/x"], { trusted: false, paths: ["x"] }), "path/seqscan");
});

test("Windows has other names", () => {
  assert.equal(found(["work/.venv/Scripts/seqscan.exe"], { platform: "win32", env: {} }), "work/.venv/Scripts/seqscan.exe");
});
