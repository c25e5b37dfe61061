import { isObject } from '../schema/json.js'
/** The kind of value an option takes, and how messages describe it. */
export interface Kind<T = unknown> {
  /**
   * The range as shown in the documentation, e.g. `1 to 1000`; absent if the default makes it
   * clear.
   */
  readonly range?: string
  /** The expected value, for messages, e.g. `a whole number from 1 to 1000`. */
  readonly wanted: string
  /** Whether a value is of this kind. */
  readonly accepts: (value: unknown) => boolean
  /**
   * The type of the values that messages may repeat, because they are harmless. Absent: messages
   * never repeat a value, which may be a secret in the wrong place.
   */
  readonly repeats?: 'string' | 'number' | 'boolean'
  /** It may be text. */
  readonly takesText?: boolean
  /** For nested options: their table. */
  readonly inside?: OptionRows
  /** For lists: the options of each element. */
  readonly each?: Kind
  /** Never set: ties the kind to the type of its values. */
  readonly type?: T
}

/** One option: its kind, its default, and whether it must be given. */
export interface Option<T = unknown> {
  readonly type: Kind<T>
  /** The value when the option is left out. */
  readonly default?: T | undefined
  /** The option must be given. */
  readonly required?: boolean
  /** Messages never repeat the value. */
  readonly secret?: boolean
  /** How the documentation shows a default that is not a plain value, e.g. `random`. */
  readonly shown?: string
}

/** Options by name. */
export type OptionRows = Readonly<Record<string, Option>>

/** All options of one factory. */
export interface OptionTable<Rows extends OptionRows = OptionRows> {
  /** The function a host calls, for messages. */
  readonly factory: string
  /** Code of its `ConfigurationError`s. */
  readonly code: `ERR_SCIM_${string}`
  readonly rows: Rows
}

/** The rows for an interface of options, one per option. */
export type RowsFor<Options> = {
  readonly [Name in keyof Required<Options>]: Option<Exclude<Options[Name], undefined>>
}

/** Options with every default filled in. */
export type Resolved<Options, Rows> = {
  readonly [Name in keyof Required<Options>]: Name extends keyof Rows
    ? Rows[Name] extends { readonly default: infer Default } | { readonly required: true }
      ? Default extends undefined
        ? Options[Name] | undefined
        : Exclude<Options[Name], undefined>
      : Options[Name] | undefined
    : never
}

/** Declares the table of a factory's options. The compiler requires one row per option. */
export function optionTable<Options>() {
  return <const Rows extends RowsFor<Options>>(
    factory: string,
    code: `ERR_SCIM_${string}`,
    rows: Rows & Record<Exclude<keyof Rows, keyof Options>, never>,
  ) => ({ factory, code, rows: rows as Rows })
}

/** A whole number in a range, both ends included. */
export const whole = (least: number, most: number): Kind<number> => ({
  range: `${least} to ${most}`,
  wanted: `a whole number from ${least} to ${most}`,
  repeats: 'number',
  accepts: (value) => Number.isInteger(value) && isWithin(value, least, most),
})

/** Any number in a range, both ends included. */
export const between = (least: number, most: number): Kind<number> => ({
  range: `${least} to ${most}`,
  wanted: `a number from ${least} to ${most}`,
  repeats: 'number',
  accepts: (value) => isWithin(value, least, most),
})

export const flag: Kind<boolean> = {
  wanted: 'true or false',
  repeats: 'boolean',
  accepts: (value) => typeof value === 'boolean',
}

/** One of some values. */
export const oneOf = <const T extends string | null>(...values: readonly T[]): Kind<T> => ({
  range: values.map((value) => `\`${JSON.stringify(value)}\``).join(', '),
  wanted: `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`,
  repeats: 'string',
  accepts: (value) => (values as readonly unknown[]).includes(value),
})

/** Text that is not empty; or another kind of text with a check of its own. */
export const text = (
  wanted = 'text that is not empty',
  accepts: (value: string) => boolean = (value) => value !== '',
): Kind<string> => ({
  wanted,
  takesText: true,
  accepts: (value) => typeof value === 'string' && accepts(value),
})

/** An absolute http or https URL. */
export const httpUrl = text(
  'an absolute http or https URL',
  (value) => /^https?:\/\//.test(value) && URL.canParse(value),
)

/** A function; `from` names an example that makes one. */
// biome-ignore lint/suspicious/noExplicitAny: functions of every signature
export const callback = <T extends (...parameters: any[]) => unknown>(from?: string): Kind<T> => ({
  wanted: from === undefined ? 'a function' : `a function, e.g. ${from}`,
  accepts: (value) => typeof value === 'function',
})

/** A list of values of one kind. */
export const listOf = <T>(each: Kind<T>): Kind<readonly T[]> => ({
  wanted: 'a list',
  accepts: Array.isArray,
  each,
})

/** An object whose properties are checked elsewhere, where they are read. */
export const record = <T extends object>(): Kind<T> => ({ wanted: 'an object', accepts: isObject })

/** Options inside an option. */
export const nested = <T extends object>(inside: RowsFor<T>): Kind<T> => ({
  wanted: 'an object of options',
  accepts: isObject,
  inside: inside as OptionRows,
})

/** A kind with a check of its own. */
export const custom = <T>(wanted: string, accepts: (value: unknown) => boolean): Kind<T> => ({
  wanted,
  takesText: true,
  accepts,
})

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most
}
