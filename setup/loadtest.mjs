#!/usr/bin/env node
/** `npm run loadtest -- …`: needs nothing but some Node and npm; gets the rest by itself. */
import { handOver } from './hand-over.mjs';

await handOver(['setup', 'run-loadtest.ts']);
