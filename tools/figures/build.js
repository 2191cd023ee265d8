// Writes src/assay/figures/vega.js and, beside it, the licences of everything in it.

import { build } from "esbuild";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";

const target = new URL("../../src/assay/figures/", import.meta.url).pathname;
const { metafile } = await build({
  entryPoints: ["entry.js"],
  outfile: `${target}vega.js`,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  legalComments: "none", // all of them stand in NOTICE.txt
  banner: { js: "/* Vega, Vega-Lite and what they need; licences in NOTICE.txt. Built by tools/figures. */" },
  metafile: true,
});

// d3-delaunay is shipped with these two already inside its file.
const INSIDE = { "d3-delaunay": ["delaunator", "robust-predicates"] };
const packages = new Set(
  Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs)
      .filter(([, input]) => input.bytesInOutput > 0)
      .map(([path]) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1])
      .filter(Boolean))
    .flatMap((name) => [name, ...(INSIDE[name] ?? [])]),
);
const notices = [...packages].sort().map((name) => {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  // Every package of Vega carries the licence of its repository; some leave the file out.
  const text = file ? readFileSync(`${folder}/${file}`, "utf8")
    : name.startsWith("vega") ? readFileSync("node_modules/vega/LICENSE", "utf8") : null;
  if (text === null) throw new Error(`${name} has no licence file; add its notice by hand`);
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
});
if (!existsSync(target)) throw new Error(`no folder ${target}`);
writeFileSync(`${target}NOTICE.txt`,
  `vega.js is put together from the packages below. Their licences follow.\n\n${notices.join(`\n${"-".repeat(79)}\n\n`)}`);
