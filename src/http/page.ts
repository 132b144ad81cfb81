/** The call page's files. */
import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { WeirError } from '../../signalling/wire/errors.ts';
import type { HttpDeps } from './deps.ts';
import { contentSecurityPolicy } from './security-headers.ts';

const COMPRESSED = /\.(?:br|gz)$/;

export function servePage(app: FastifyInstance, { config, defaultPageDir, homeserverUrl, log }: HttpDeps): void {
  if (!config.page.enabled) return;
  const root = config.page.dir ?? defaultPageDir;
  if (!existsSync(join(root, 'index.html'))) {
    log.warn({ code: 'WEIR_PAGE_MISSING', dir: root }, 'the call page has not been built; the rest goes on without it');
    app.get('/', async () => {
      throw new WeirError('WEIR_PAGE_MISSING', 'the call page of this focus has not been built');
    });
    return;
  }
  const embeddable = contentSecurityPolicy(homeserverUrl, config.embedOrigins);
  app.register(fastifyStatic, {
    root,
    cacheControl: false,
    dotfiles: 'ignore',
    // As the build made them, beside each file.
    preCompressed: true,
    setHeaders: (reply, sent) => {
      const path = sent.replace(COMPRESSED, '');
      // The build puts a hash of the contents into the names of assets; whatever changes has another name.
      const hashed = path.startsWith(join(root, 'assets') + sep);
      reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      if (config.embedOrigins.length === 0 || path !== join(root, 'index.html')) return;
      reply.header('content-security-policy', embeddable);
      // It knows all or none.
      reply.removeHeader('x-frame-options');
    },
  });
}
