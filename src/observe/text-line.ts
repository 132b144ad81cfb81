/** A JSON log line as a person reads it: `07:51:56.123 WARN  message  conference=… code=…`, and its error below. */
export function textLine(line: string): string {
  const { time, level, msg, ...fields } = readLine(line);
  const clock = String(time).slice(11, 23);
  const stacks: string[] = [];
  const shown = Object.entries(fields).map(([name, value]) => {
    const stack: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'stack') : undefined;
    if (typeof stack === 'string') {
      stacks.push(stack.replaceAll(/^/gm, '    '));
      return '';
    }
    return `  ${name}=${typeof value === 'string' && /^[\w@:.!$/-]+$/.test(value) ? value : JSON.stringify(value)}`;
  });
  const head = `${clock} ${String(level).toUpperCase().padEnd(5)} ${oneLine(String(msg))}${shown.join('')}\n`;
  return head + stacks.map(stack => `${stack}\n`).join('');
}

function readLine(line: string): Record<string, unknown> {
  const parsed: unknown = JSON.parse(line);
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : { msg: line };
}

/** A stranger's text must not look like further lines, nor move the cursor. */
function oneLine(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, character => JSON.stringify(character).slice(1, -1));
}
