import { createServer } from 'node:net';

/**
 * A TCP port that nothing listens on now. Somebody else may take it before it is used: whoever starts a server on it tries again.
 *
 * @param host address that the server will bind to
 * @param preferred taken when it is free; 0 for any
 */
export async function findFreePort(host = '127.0.0.1', preferred = 0): Promise<number> {
  const port = await tryPort(host, preferred);
  if (port !== undefined) return port;
  const any = await tryPort(host, 0);
  if (any === undefined) throw new Error(`No free TCP port on ${host}.`);
  return any;
}

function tryPort(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      switch (error.code) {
        case 'EADDRINUSE':
        case 'EACCES':
          resolve(undefined);
          break;
        case 'EADDRNOTAVAIL':
          // An address of another network namespace: its ports cannot be tried from here, and are most likely free.
          resolve(port === 0 ? 20_000 + Math.floor(Math.random() * 10_000) : port);
          break;
        default:
          reject(error);
      }
    });
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const found = address !== null && typeof address === 'object' ? address.port : undefined;
      server.close(() => {
        resolve(found);
      });
    });
  });
}
