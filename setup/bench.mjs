/** `npm run bench -- …`: needs nothing but some Node and npm; gets the rest by itself. */
import { handOver } from './hand-over.mjs';

await handOver(['bench', 'run.ts']);
