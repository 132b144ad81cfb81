/** `npm run -s bench -- signalling`: what signalling costs, by size of the call. Last line of stdout: one JSON object. */
import { CALL_KINDS } from './calls.ts';
import { measureRules, type RuleFigures } from './rules.ts';

const SIZES = (process.argv[2] ?? '10,100,500,1000').split(',').map(Number);
const REPEATS = Number(process.argv[3] ?? 50);
const KINDS = CALL_KINDS.filter(kind => process.argv[4]?.split(',').includes(kind) ?? true);

const rules: RuleFigures[] = [];
for (const kind of KINDS) {
  for (const size of SIZES) {
    const figures = measureRules(kind, size, REPEATS);
    rules.push(figures);
    const line = Object.entries(figures.changes).map(([change, { us, messages }]) => `${change} ${us} µs/${messages}`);
    console.error(`${kind} of ${size}: ${line.join(', ')}, ${figures.heap_kb_per_participant} kB each`);
  }
}
console.log(JSON.stringify({ rules }));
