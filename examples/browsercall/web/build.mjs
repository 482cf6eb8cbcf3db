// Builds the page into dist, which is committed and embedded by the Go program: npm run build. The same sources give
// the same bytes, so that CI can compare.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const out = join(root, 'dist');

/**
 * What the page may weigh, minified and not compressed, in bytes: the entry chunk, and all that ships. The entry is app,
 * with all that it imports statically; but it does little more than to ask for the page's own chunk, so that no chunk
 * may weigh more than an entry.
 */
const chunkLimit = 160_000;
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
const output = (name) => built.metafile.outputs[`dist/${name}`];
const imports = (name, kind) => output(name).imports.filter((i) => i.kind === kind).map((i) => basename(i.path));

/** A script and all that it imports statically, by name. */
function together(name, seen = new Set()) {
  if (!seen.has(name)) imports(name, 'import-statement').forEach((i) => together(i, seen.add(name)));
  return seen.add(name);
}

const weight = (names) => [...names].reduce((sum, name) => sum + output(name).bytes, 0);
const largest = [...files.keys()].filter((name) => name.endsWith('.js')).sort((a, b) => output(b).bytes - output(a).bytes)[0];

// What the entry asks for with its first line is fetched beside it already: nothing is later for being apart.
const startup = together(named('app'));
const next = imports(named('app'), 'dynamic-import').flatMap((name) => [...together(name)]);
const preload = [...new Set([...startup, ...next])].filter((name) => name !== named('app'))
  .map((name) => `<link rel="modulepreload" href="./${name}">`).join('');

const html = (await readFile(join(root, 'page/index.html'), 'utf8'))
  .replaceAll(/>\s*\n\s*</g, '><').replaceAll(/\s*\n\s*/g, ' ')
  .replace('./main.ts', `./${named('app')}`)
  .replace('./style.css', `./${named('style')}`)
  .replace('./icon.svg', `./${named('icon')}`)
  .replace('./worker.ts', `./${named('worker')}`)
  .replace('</head>', `${preload}</head>`);
files.set('index.html', new TextEncoder().encode(html));

// What is bundled ships with its copyright notices, and with the terms that all of it has.
const notices = await readFile(join(root, 'page/licenses.txt'), 'utf8');
const plain = (text) => text.replace(/[“”]/g, '"').split(/\s+/).join(' ').trim();
const bundled = Object.keys(built.metafile.inputs).flatMap((i) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(i)?.[1] ?? []);
for (const name of new Set(bundled)) {
  const [manifest, licence] = await Promise.all(
    ['package.json', 'LICENSE'].map((file) => readFile(join(root, 'node_modules', name, file), 'utf8')));
  const [, holders, terms] = /((?:^Copyright .*\n)+)\s*(Permission [^]*)$/m.exec(licence) ?? [];
  const notice = notices.split('\n\n').find((part) => part.startsWith(`${name} ${JSON.parse(manifest).version}, `));
  if (!terms || !notice?.endsWith(`\n${holders.trim()}`) || !plain(notices).endsWith(plain(terms))) {
    console.error(`page/licenses.txt lacks ${name} of this version, its notice or its terms`);
    process.exit(1);
  }
}
files.set('licenses.txt', new TextEncoder().encode(notices));

await mkdir(out, { recursive: true });
for (const [name, bytes] of files) await writeFile(join(out, name), bytes);
for (const name of await readdir(out)) if (!files.has(name)) await rm(join(out, name));

const kB = (bytes) => `${(bytes / 1000).toFixed(1).padStart(6)} kB`;
for (const [name, bytes] of [...files].sort()) console.log(kB(bytes.length), name);
const total = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
console.log(kB(weight(startup)), `until the page's first line, under ${chunkLimit / 1000}`);
console.log(kB(output(largest).bytes), `the largest chunk, ${largest}, under ${chunkLimit / 1000}`);
console.log(kB(weight(next)), 'what it asks for then; the worker,', kB(weight(together(named('worker')))).trim());
console.log(kB(total), `all, under ${totalLimit / 1000}`);
if (Math.max(weight(startup), output(largest).bytes) >= chunkLimit || total >= totalLimit) {
  console.error('the page is too large: what did the last change import?');
  process.exitCode = 1;
}
