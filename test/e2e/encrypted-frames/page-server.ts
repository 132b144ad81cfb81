/** Builds the page that calls itself as the call page is built, and serves it under the same policy. */
import { readdir, readFile, rm, mkdtemp } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { build } from 'vite';
import { contentSecurityPolicy } from '../../../src/http/security-headers.ts';

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function servePage(): Promise<PageServer> {
  const outDir = await mkdtemp(join(tmpdir(), 'weir-encrypted-frames-'));
  await build({
    configFile: resolve(import.meta.dirname, '../../../client/vite.config.ts'),
    root: import.meta.dirname,
    logLevel: 'warn',
    build: { outDir, emptyOutDir: true },
  });
  const names = await readdir(outDir, { recursive: true });
  const server = http.createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname.slice(1);
    const name = path === '' ? 'index.html' : path;
    const type = TYPES[extname(name)];
    if (type === undefined || !names.includes(name)) {
      response.writeHead(404).end();
      return;
    }
    readFile(join(outDir, name)).then(
      body => {
        const policy = contentSecurityPolicy('http://127.0.0.1:8008');
        response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(body);
      },
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise(done => server.close(done));
      await rm(outDir, { recursive: true, force: true });
    },
  };
}
