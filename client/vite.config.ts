import { constants } from 'node:zlib';
import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';
import { compression, defineAlgorithm } from 'vite-plugin-compression2';

/** The call page. Relative URLs, so that the focus may serve it under any path. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [
    preact({ devToolsEnabled: false }),
    // The focus serves these to whoever takes them. Brotli's last levels save an eighth more, and take half a minute.
    compression({
      include: /\.(?:css|html|js|svg|wasm)$/,
      algorithms: [
        defineAlgorithm('gzip', { level: 9 }),
        defineAlgorithm('brotliCompress', { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
      ],
    }),
  ],
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: ['chrome120', 'firefox128', 'safari17.4'],
    // Source maps would triple what the focus serves, and the sources are public.
    sourcemap: false,
    modulePreload: { polyfill: false },
  },
});
