/** Text that is HTML; everything else that is put into it is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | readonly Markup[];

/** A template whose values are escaped, unless they are markup. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  return new Markup(
    strings.reduce((text, string, index) => {
      const value = values[index - 1];
      return text + (value === undefined ? '' : written(value)) + string;
    }),
  );
}

export const NOTHING = new Markup('');

function written(value: Part): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('');
  return String(value).replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}
