import { defineConfig } from 'vitest/config';

/**
 * Files that start processes and then mostly wait for them, for silence, or for a homeserver: two at a time take little more than half
 * as long. Calls of several browser pages, and what measures or loads a worker, do not belong here: a file that is not named runs alone.
 */
const PAIRED = [
  'test/e2e/{admission,embedded,encrypted-frames,encrypted-room,encrypted-rooms,fast-signalling,faults,hostile,joining}.test.ts',
  'test/e2e/{kit-encryption,kit-example,page-views,recording,sessions}.test.ts',
  'test/federated/{federation,foci-come-and-go,what-crosses}.test.ts',
  'test/http/*.test.ts',
  'test/matrix/*.test.ts',
  'test/media/{application-data,application-data-hostile,closure,encrypted-frames,one-transport,spread,spread-data}.test.ts',
  'test/media/{trunk,trunk-hostile,trunk-voices}.test.ts',
  'test/peers/*.test.ts',
];

const E2E = {
  environment: 'node',
  sequence: { concurrent: false },
  testTimeout: 120_000,
  hookTimeout: 180_000,
  retry: 0,
} as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,signalling,config,html,client,demo,bench,docker,loadtest,setup}/**/*.test.{ts,tsx}'],
          environment: 'node',
          // Ends what hangs; tells nothing about speed: the machine may be busy.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...E2E,
          name: 'e2e',
          include: ['test/**/*.test.ts'],
          exclude: PAIRED,
          // Each file starts processes of its own (homeserver, focus, browsers): one after the other, or they starve each other.
          fileParallelism: false,
        },
      },
      {
        test: {
          ...E2E,
          name: 'e2e-paired',
          include: PAIRED,
          maxWorkers: 2,
          sequence: { ...E2E.sequence, groupOrder: 1 },
        },
      },
    ],
  },
});
