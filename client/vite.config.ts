import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

/** The call page. Relative URLs, so that the focus may serve it under any path. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [preact({ devToolsEnabled: false })],
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: ['chrome120', 'firefox128', 'safari17.4'],
    // Source maps would triple what the focus serves, and the sources are public.
    sourcemap: false,
    modulePreload: { polyfill: false },
  },
});
