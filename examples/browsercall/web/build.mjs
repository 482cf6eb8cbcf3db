// Builds the page into dist, which is committed and embedded by the Go program: npm run build. The same sources give the
// same bytes, so that CI can compare.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const out = join(root, 'dist');

/** What the page may weigh, minified and not compressed, in bytes: what it needs to start, and all that ships. */
const entryLimit = 160_000;
const totalLimit = 330_000;

const common = {
  absWorkingDir: root, outdir: out, write: false, bundle: true, minify: true, metafile: true, format: 'esm',
  target: 'es2022', charset: 'utf8', legalComments: 'none', entryNames: '[name]-[hash]', logLevel: 'warning',
};
const page = await build({
  ...common, splitting: true, chunkNames: '[name]-[hash]', entryPoints: { app: 'page/main.ts', style: 'page/style.css' },
});
// A worker has a global scope of its own: it shares no chunk with the page, so that it is one file and starts at once.
const worker = await build({ ...common, entryPoints: { worker: 'client/frames/worker.ts' } });

const files = new Map([...page.outputFiles, ...worker.outputFiles].map((f) => [basename(f.path), f.contents]));
const named = (start) => [...files.keys()].find((name) => name.startsWith(`${start}-`));
const html = (await readFile(join(root, 'page/index.html'), 'utf8'))
  .replace('./main.ts', `./${named('app')}`)
  .replace('./style.css', `./${named('style')}`)
  .replace('./worker.ts', `./${named('worker')}`);
files.set('index.html', new TextEncoder().encode(html));

/** The bytes that are loaded before the page's first line runs: the entry and what it imports statically. */
function startup(name, seen = new Set()) {
  if (seen.has(name)) return 0;
  seen.add(name);
  const o = page.metafile.outputs[`dist/${name}`];
  const imports = o.imports.filter((i) => i.kind === 'import-statement');
  return imports.reduce((sum, i) => sum + startup(basename(i.path), seen), o.bytes);
}

await rm(out, { recursive: true, force: true });
await mkdir(out);
for (const [name, bytes] of files) await writeFile(join(out, name), bytes);

const kB = (bytes) => `${(bytes / 1000).toFixed(1).padStart(6)} kB`;
for (const [name, bytes] of [...files].sort()) console.log(kB(bytes.length), name);
const entry = startup(named('app'));
const total = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
console.log(kB(entry), `entry, under ${entryLimit / 1000}`);
console.log(kB(total), `all, under ${totalLimit / 1000}`);
if (entry >= entryLimit || total >= totalLimit) {
  console.error('the page is too large: what did the last change import?');
  process.exitCode = 1;
}
