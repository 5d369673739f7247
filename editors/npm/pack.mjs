// Writes the npm packages as tarballs: `node pack.mjs VERSION OUT linux-x64=path/to/seqscan …`

import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [version, out, ...binaries] = process.argv.slice(2);
if (binaries.length === 0) throw new Error("say VERSION OUT PLATFORM=BINARY …");

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const work = mkdtempSync(join(tmpdir(), "seqscan-npm-"));
const main = JSON.parse(readFileSync(join(here, "seqscan/package.json"), "utf8"));
mkdirSync(out, { recursive: true });

/** Packs a folder with these files; `name@version` is printed as the package that it is. */
function pack(folder, manifest, readme) {
  for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) copyFileSync(join(root, licence), join(folder, licence));
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  writeFileSync(join(folder, "README.md"), readme);
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const packed = execFileSync(npm, ["pack", "--silent", "--pack-destination", resolve(out)], { cwd: folder });
  process.stdout.write(packed);
}

for (const word of binaries) {
  const [platform, binary] = word.split("=");
  if (!(`@seqscan/${platform}` in main.optionalDependencies)) throw new Error(`no package is for ${platform}`);
  const [os, cpu] = platform.split("-");
  const folder = join(work, platform);
  const name = os === "win32" ? "seqscan.exe" : "seqscan";
  mkdirSync(join(folder, "bin"), { recursive: true });
  copyFileSync(binary, join(folder, "bin", name));
  chmodSync(join(folder, "bin", name), 0o755);
  const { license, repository } = main;
  pack(
    folder,
    {
      name: `@seqscan/${platform}`,
      version,
      description: `The binary of seqscan for ${platform}`,
      license,
      repository,
      os: [os],
      cpu: [cpu],
      files: ["bin"],
      preferUnplugged: true,
    },
    `The binary of [seqscan](https://www.npmjs.com/package/seqscan) for ${platform}. Install \`seqscan\` instead.\n`,
  );
}

const folder = join(work, "seqscan");
cpSync(join(here, "seqscan"), folder, { recursive: true });
const optional = Object.keys(main.optionalDependencies).map((name) => [name, version]);
pack(
  folder,
  { ...main, version, optionalDependencies: Object.fromEntries(optional) },
  readFileSync(join(root, "README.md"), "utf8"),
);
rmSync(work, { recursive: true });
