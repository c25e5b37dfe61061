import type { ErrorObject, ValidateFunction } from 'ajv'
import { ConfigurationError } from '../errors.js'

/** A check of values by a JSON schema. */
export interface JsonCheck<T> {
  accepts(value: unknown): value is T
  /** The first thing that was wrong with the value before, if it was not accepted. */
  readonly error: ErrorObject | undefined
}

/**
 * Makes a check that is compiled when it is first used, and not when the library is imported: that
 * and loading AJV would take longer than everything else.
 *
 * @param schema a constant of this library: it is not checked against the schema of schemas
 */
export function jsonCheck<T>(schema: object): JsonCheck<T> {
  let validate: ValidateFunction<T> | undefined
  return {
    accepts(value): value is T {
      validate ??= compile<T>(schema)
      return validate(value)
    },
    get error() {
      return validate?.errors?.[0]
    },
  }
}

/**
 * Refuses a Node.js in which no check can be compiled, where each PATCH would be answered 500.
 *
 * @throws ConfigurationError `ERR_SCIM_OPTIONS`
 */
export function requireCodeGeneration(factory: string): void {
  try {
    Function('')
  } catch (cause) {
    throw new ConfigurationError(
      'ERR_SCIM_OPTIONS',
      `${factory}: Node.js was started with --disallow-code-generation-from-strings, with which ` +
        'AJV cannot check PATCH requests. Start it without.',
      { cause },
    )
  }
}

function compile<T>(schema: object): ValidateFunction<T> {
  // The library is built as CommonJS. Hosts that bundle it need the plain name, to find AJV.
  const { Ajv }: typeof import('ajv') = require('ajv')
  return new Ajv({ meta: false, validateSchema: false }).compile<T>(schema)
}
