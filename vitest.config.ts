import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,signalling,config,client,demo,bench,docker,loadtest,setup}/**/*.test.{ts,tsx}'],
          environment: 'node',
          // Ends what hangs; tells nothing about speed: the machine may be busy.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.test.ts'],
          environment: 'node',
          // Each file starts processes of its own (homeserver, focus, browsers): one after the other, or they starve each other.
          fileParallelism: false,
          sequence: { concurrent: false },
          testTimeout: 120_000,
          hookTimeout: 180_000,
          retry: 0,
        },
      },
    ],
  },
});
