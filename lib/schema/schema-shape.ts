import type { ErrorObject } from 'ajv'
import { shownName } from '../configuration/shown.js'
import { jsonCheck } from './ajv.js'

/** A problem with an option, and its place, e.g. `schemas[0].attributes[2].type`. */
export interface Flaw {
  readonly path: string
  readonly problem: string
}

const text = { type: 'string' }
const flag = { type: 'boolean' }
const texts = { type: 'array', items: { type: 'string', minLength: 1 } }

const characteristics = {
  name: text,
  type: {
    enum: ['string', 'boolean', 'decimal', 'integer', 'dateTime', 'binary', 'reference', 'complex'],
  },
  multiValued: flag,
  description: text,
  required: flag,
  caseExact: flag,
  mutability: { enum: ['readOnly', 'readWrite', 'immutable', 'writeOnly'] },
  returned: { enum: ['always', 'never', 'default', 'request'] },
  uniqueness: { enum: ['none', 'server', 'global'] },
  canonicalValues: texts,
  referenceTypes: texts,
}

/** An attribute without sub-attributes: complex attributes cannot be nested (RFC 7643 §2.3.8). */
const simple = closed({ ...characteristics, subAttributes: { type: 'array', maxItems: 0 } }, [
  'name',
])
const attribute = closed({ ...characteristics, subAttributes: { type: 'array', items: simple } }, [
  'name',
])
const extensions = {
  type: 'array',
  items: closed({ schema: text, required: flag }, ['schema']),
}

/**
 * `schemas` and `meta` are allowed, so that answers of another service provider's `/Schemas` and
 * `/ResourceTypes` can be copied.
 */
const copied = { schemas: {}, meta: {} }

const isSchemaOptions = jsonCheck({
  type: 'object',
  properties: {
    schemas: {
      type: 'array',
      items: closed(
        {
          ...copied,
          id: text,
          name: { type: 'string', minLength: 1 },
          description: text,
          attributes: { type: 'array', items: attribute, minItems: 1 },
        },
        ['id', 'name', 'attributes'],
      ),
    },
    resourceTypes: {
      type: 'array',
      items: closed(
        {
          ...copied,
          id: text,
          name: text,
          endpoint: text,
          description: text,
          schema: text,
          schemaExtensions: extensions,
        },
        ['name', 'endpoint', 'schema'],
      ),
    },
    userExtensions: extensions,
    groupExtensions: extensions,
    uniqueGroupNames: flag,
    uniqueExternalIds: flag,
  },
})

/** The first place where the options do not match `SchemaOptions`; `undefined` if they do. */
export function misshapen(options: object): Flaw | undefined {
  if (isSchemaOptions.accepts(options)) return undefined
  const { error } = isSchemaOptions
  return error && describe(error)
}

function closed(properties: object, required: readonly string[]): object {
  return { type: 'object', properties, required, additionalProperties: false }
}

function describe({ instancePath, keyword, params, message }: ErrorObject): Flaw {
  const path = instancePath
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.')
  if (keyword === 'additionalProperties') {
    return { path, problem: `has an unknown member ${shownName(params['additionalProperty'])}` }
  }
  if (keyword === 'enum') {
    return { path, problem: `must be one of ${params['allowedValues'].join(', ')}` }
  }
  return { path, problem: message ?? 'is not valid' }
}
