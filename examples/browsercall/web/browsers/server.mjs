import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const html = '<!doctype html><meta charset="utf-8"><title>test</title><script type="module" src="/page.js"></script>';

/**
 * Bundles scripts and serves them to browsers on this machine, with an empty page that runs `page.js`.
 *
 * @param {Record<string, string>} scripts Names as served, `page.js` among them, to TypeScript files beside this one.
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function serve(scripts) {
  const files = new Map([['/', { type: 'text/html', text: html }]]);
  for (const [name, source] of Object.entries(scripts)) {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL(source, import.meta.url))],
      bundle: true, format: 'esm', target: 'es2022', write: false, logLevel: 'error',
    });
    files.set(`/${name}`, { type: 'text/javascript', text: outputFiles[0].text });
  }
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    response.writeHead(file ? 200 : 404, { 'content-type': file?.type ?? 'text/plain' }).end(file?.text);
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  server.unref(); // a file whose start fails half-way ends, though nobody stops this
  return {
    url: `http://localhost:${server.address().port}/`, // a secure origin, so that there is a camera
    stop: () => new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    }),
  };
}
