// Which property names may be shortened: those of ts-mls, a quarter of what ships, whose objects have names of twenty
// letters and never leave the page's memory.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const identifier = /[A-Za-z_$][\w$]*/g;

/**
 * The names that ts-mls has for its properties, and nobody else has: no API of browsers, no other library, and of this
 * package client/mls alone, so that nothing that is stored or sent is named by one. A name that stands in a string
 * anywhere is left as it is, for it may be looked up by that.
 */
export async function namesOfMLS(root) {
  const modules = join(root, 'node_modules');
  const mls = (await sources(join(modules, 'ts-mls/dist/src'), /\.js$/)).join('\n');
  const ours = (await sources(join(root, 'client/mls'), /\.ts$/)).join('\n');
  const others = [
    ...(await sources(join(modules, '@hpke'), /esm\/.*\.js$/)), ...(await sources(join(modules, '@noble'), /\.js$/)),
    ...(await sources(join(root, 'page'), /\.ts$/)), ...(await sources(join(root, 'client'), /\.ts$/, /client\/mls\/|\.test\.ts$|interop/)),
    ...(await sources(join(modules, '@typescript'), /lib\.[\w.]+\.d\.ts$/)),
  ].join('\n');
  const taken = new Set(others.match(identifier));
  for (const text of strings(mls + ours)) for (const name of text.match(identifier) ?? []) taken.add(name);
  const properties = new Set([...mls.matchAll(/(?:\.|[{,]\s*)([a-z][A-Za-z]{3,})\b/g)].map((m) => m[1]));
  return [...properties].filter((name) => !taken.has(name)).sort();
}

/** What stands in quotes, from one line of code each. */
function* strings(code) {
  const bare = code.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  for (const m of bare.matchAll(/'[^'\n]*'|"[^"\n]*"/g)) yield m[0];
}

async function sources(folder, which, not = /$^/) {
  const files = (await readdir(folder, { recursive: true })).map((f) => join(folder, f)).sort();
  return Promise.all(files.filter((f) => which.test(f) && !not.test(f)).map((f) => readFile(f, 'utf8')));
}
