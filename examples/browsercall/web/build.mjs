// Builds the page into dist, which is committed and embedded by the Go program: npm run build. The same sources give
// the same bytes, so that CI can compare.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const out = join(root, 'dist');

/** What the page may weigh, minified and not compressed, in bytes: the entry chunk, and all that ships. */
const entryLimit = 160_000;
const totalLimit = 330_000;

const built = await build({
  absWorkingDir: root, outdir: out, write: false, bundle: true, minify: true, metafile: true, splitting: true,
  format: 'esm', target: 'es2022', charset: 'utf8', legalComments: 'none', logLevel: 'warning',
  loader: { '.svg': 'copy' }, preserveSymlinks: true, // or names would tell where node_modules is
  entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]',
  entryPoints: {
    app: 'page/main.ts', style: 'page/style.css', icon: 'page/icon.svg', worker: 'client/frames/worker.ts',
  },
});

const files = new Map(built.outputFiles.map((f) => [basename(f.path), f.contents]));
const named = (start) => [...files.keys()].find((name) => name.startsWith(`${start}-`));
const html = (await readFile(join(root, 'page/index.html'), 'utf8'))
  .replaceAll(/>\s*\n\s*</g, '><').replaceAll(/\s*\n\s*/g, ' ')
  .replace('./main.ts', `./${named('app')}`)
  .replace('./style.css', `./${named('style')}`)
  .replace('./icon.svg', `./${named('icon')}`)
  .replace('./worker.ts', `./${named('worker')}`);
files.set('index.html', new TextEncoder().encode(html));

// What is bundled ships with its notices.
const notices = await readFile(join(root, 'page/licenses.txt'), 'utf8');
const bundled = Object.keys(built.metafile.inputs).flatMap((i) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(i)?.[1] ?? []);
for (const name of new Set(bundled)) {
  const [manifest, licence] = await Promise.all(
    ['package.json', 'LICENSE'].map((file) => readFile(join(root, 'node_modules', name, file), 'utf8')));
  if (!notices.includes(`\n${name} ${JSON.parse(manifest).version},`) || !notices.includes(licence.trim())) {
    console.error(`page/licenses.txt lacks ${name} of this version, or its notice`);
    process.exit(1);
  }
}
files.set('licenses.txt', new TextEncoder().encode(notices));

/** The bytes that are loaded before a script's first line runs: its own and what it imports statically. */
function startup(name, seen = new Set()) {
  if (seen.has(name)) return 0;
  seen.add(name);
  const o = built.metafile.outputs[`dist/${name}`];
  const imports = o.imports.filter((i) => i.kind === 'import-statement');
  return imports.reduce((sum, i) => sum + startup(basename(i.path), seen), o.bytes);
}

await rm(out, { recursive: true, force: true });
await mkdir(out);
for (const [name, bytes] of files) await writeFile(join(out, name), bytes);

const kB = (bytes) => `${(bytes / 1000).toFixed(1).padStart(6)} kB`;
for (const [name, bytes] of [...files].sort()) console.log(kB(bytes.length), name);
const entry = files.get(named('app')).length;
const total = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
console.log(kB(startup(named('app'))), 'until the page starts; the worker,', kB(startup(named('worker'))).trim());
console.log(kB(entry), `the entry chunk, under ${entryLimit / 1000}`);
console.log(kB(total), `all, under ${totalLimit / 1000}`);
if (entry >= entryLimit || total >= totalLimit) {
  console.error('the page is too large: what did the last change import?');
  process.exitCode = 1;
}
