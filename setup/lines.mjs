/** Progress of the steps that run before there are packages. Everything goes to stderr: stdout belongs to the command's result. */

const out = process.stderr;
const TICK_MS = 1_000;
const NOTE_EVERY_MS = 30_000;

/**
 * Runs a step and shows how long it took: one line that is rewritten on a terminal, one line at its end elsewhere (and one every
 * half minute while it lasts).
 *
 * @template T
 * @param {string} title
 * @param {(report: (progress: string) => void) => Promise<T>} act
 * @returns {Promise<T>}
 */
export async function showStep(title, act) {
  const started = performance.now();
  let progress = '';
  let lastNote = started;
  const line = (/** @type {string} */ mark) => `${mark} ${title} (${seconds(performance.now() - started)})`;
  const tick = () => {
    const note = progress ? `${line('…')}: ${progress}` : line('…');
    if (out.isTTY) out.write(`\r\x1b[K${note.slice(0, (out.columns ?? 80) - 1)}`);
    else if (performance.now() - lastNote >= NOTE_EVERY_MS) {
      lastNote = performance.now();
      out.write(`${note}\n`);
    }
  };
  const ticking = setInterval(tick, TICK_MS);
  try {
    const result = await act(now => {
      progress = now;
    });
    end(line('✔'));
    return result;
  } catch (error) {
    end(line('✖'));
    throw error;
  } finally {
    clearInterval(ticking);
  }
}

/** @param {string} line */
function end(line) {
  out.write(out.isTTY ? `\r\x1b[K${line}\n` : `${line}\n`);
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
