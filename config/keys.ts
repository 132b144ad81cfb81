/** The schema as a tree of keys, for those who walk it: the checks, the sample, the reference. */
import { type TSchema, Type } from 'typebox';
import { RULES, type Rule, type RuleName } from './rules.ts';
import type { KeyNotes } from './key-notes.ts';
import { ConfigSchema } from './schema.ts';

interface KeyCommon {
  notes: KeyNotes;
  /** May be absent although it has no default. */
  optional: boolean;
}

/** Keys below a key. */
export interface Section extends KeyCommon {
  kind: 'section';
  children: ReadonlyMap<string, Key>;
}

export interface List extends KeyCommon {
  kind: 'list';
  item: Key;
  minItems: number;
  maxItems: number;
}

export interface Value extends KeyCommon {
  kind: 'value';
  schema: TSchema;
  rule: Rule | undefined;
}

export type Key = Section | List | Value;

export const CONFIG_KEYS: Section = sectionOf(ConfigSchema);

/** What may stand at a key, in words that follow "must be". */
export function expected(key: Key): string {
  switch (key.kind) {
    case 'section':
      return `a section with ${[...key.children.keys()].join(', ')}`;
    case 'list':
      return `a list${key.minItems > 0 ? ` of at least ${key.minItems}` : ''}, each ${expected(key.item)}`;
    case 'value':
      return key.rule?.expected ?? expectedOfSchema(key.schema);
  }
}

function expectedOfSchema(schema: TSchema): string {
  if (Type.IsUnion(schema)) return schema.anyOf.map(expectedOfSchema).join(', or ');
  if (Type.IsLiteral(schema)) return String(schema.const);
  if (Type.IsEnum(schema)) return `one of ${schema.enum.join(', ')}`;
  if (Type.IsBoolean(schema)) return 'true or false';
  if (Type.IsInteger(schema)) {
    return `a whole number from ${bound(schema, 'minimum') ?? 'any'} to ${bound(schema, 'maximum') ?? 'any'}`;
  }
  if (Type.IsNumber(schema)) {
    return `a number from ${bound(schema, 'minimum') ?? 'any'} to ${bound(schema, 'maximum') ?? 'any'}`;
  }
  return 'text';
}

function bound(schema: TSchema, name: 'minimum' | 'maximum' | 'minItems' | 'maxItems'): number | undefined {
  const value: unknown = Reflect.get(schema, name);
  return typeof value === 'number' ? value : undefined;
}

function keyOf(schema: TSchema): Key {
  if (Type.IsObject(schema)) return sectionOf(schema);
  const common = { notes: notesOf(schema), optional: Type.IsOptional(schema) };
  if (Type.IsArray(schema)) {
    return {
      kind: 'list',
      ...common,
      item: keyOf(schema.items),
      minItems: bound(schema, 'minItems') ?? 0,
      maxItems: bound(schema, 'maxItems') ?? Number.MAX_SAFE_INTEGER,
    };
  }
  const name = common.notes.rule;
  return { kind: 'value', ...common, schema, rule: name === undefined ? undefined : RULES[name] };
}

function sectionOf(schema: TSchema): Section {
  if (!Type.IsObject(schema)) throw new TypeError('a section is an object schema');
  const children = new Map(Object.entries(schema.properties).map(([name, child]) => [name, keyOf(child)]));
  return { kind: 'section', notes: notesOf(schema), optional: Type.IsOptional(schema), children };
}

function notesOf(schema: TSchema): KeyNotes {
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(schema, name);
    return typeof value === 'string' ? value : undefined;
  };
  const unit = text('unit');
  const otherwise = text('otherwise');
  const rule = text('rule');
  return {
    description: text('description') ?? '',
    ...(unit === undefined ? {} : { unit }),
    ...(otherwise === undefined ? {} : { otherwise }),
    ...(rule === undefined || !isRuleName(rule) ? {} : { rule }),
    ...(Reflect.has(schema, 'default') ? { default: Reflect.get(schema, 'default') as unknown } : {}),
    ...(Reflect.has(schema, 'example') ? { example: Reflect.get(schema, 'example') as unknown } : {}),
  };
}

function isRuleName(name: string): name is RuleName {
  return Object.hasOwn(RULES, name);
}
