import { ConfigurationError } from '../errors.js'
import { contradictionIn } from './check-attributes.js'
import {
  commonAttributes,
  enterpriseUserSchema,
  enterpriseUserUrn,
  groupSchema,
  groupUrn,
  userSchema,
  userUrn,
} from './core-schemas.js'
import { type Flaw, misshapen } from './schema-shape.js'
import type {
  AttributeInput,
  ExtensionInput,
  ResourceTypeInput,
  SchemaInput,
  SchemaOptions,
} from './types.js'

/** RFC 8141 §2, without its optional components. */
const urnSyntax = /^urn:[a-z0-9][a-z0-9-]{0,30}[a-z0-9]:[a-z0-9._~!$&'()*+,;=:@%/-]+$/i
const reservedUrn = /^urn:ietf:params:scim:(?:api|schemas:core|schemas:extension:enterprise):/i
const typeName = /^[A-Za-z][A-Za-z0-9_-]*$/
const endpointSyntax = /^\/[A-Za-z][A-Za-z0-9_-]*$/
/** Names and endpoints reserved by RFC 7644 §3.2, in lower case. */
const takenNames = ['user', 'group', 'schema', 'resourcetype', 'serviceproviderconfig']
const takenEndpoints = (
  '/users /groups /me /bulk /schemas /resourcetypes /serviceproviderconfig ' +
  '/serviceproviderconfigs'
).split(' ')

const lists = ['schemas', 'resourceTypes', 'userExtensions', 'groupExtensions'] as const

/**
 * Refuses schemas and resource types that contradict themselves, each other or the RFCs (RFC 7643
 * §2, §3, §6, §7).
 *
 * @throws ConfigurationError `ERR_SCIM_SCHEMA` naming the place and the fix
 */
export function checkSchemaOptions(options: SchemaOptions): void {
  if (lists.every((name) => options[name] === undefined)) return
  const flaw =
    misshapen(options) ?? flawInSchemas(options) ?? flawInTypes(options) ?? unusedSchema(options)
  if (!flaw) return
  throw new ConfigurationError('ERR_SCIM_SCHEMA', `Option ${flaw.path} ${flaw.problem}.`)
}

function flawInSchemas({ schemas = [], resourceTypes = [] }: SchemaOptions): Flaw | undefined {
  const urns = new Set<string>()
  const referable = new Set([
    ...['external', 'uri', 'User', 'Group'],
    ...resourceTypes.map(({ name }) => name),
  ])
  for (const [index, { id, attributes }] of schemas.entries()) {
    const path = `schemas[${index}]`
    const problem = urnProblem(id, urns)
    if (problem !== undefined) return { path: `${path}.id`, problem }
    urns.add(id.toLowerCase())
    const flaw =
      contradictionIn(attributes, `${path}.attributes`) ??
      redefinition(attributes, commonAttributes, `${path}.attributes`) ??
      unknownReference(attributes, referable, `${path}.attributes`)
    if (flaw) return flaw
  }
  return undefined
}

function urnProblem(id: string, urns: ReadonlySet<string>): string | undefined {
  if (!urnSyntax.test(id)) return `is "${id}", which is no URN; give one such as urn:example:2.0:X`
  if (reservedUrn.test(id)) return `is "${id}", which the RFCs define; choose another URN`
  if (urns.has(id.toLowerCase())) return `is "${id}", as of another schema; choose another URN`
  return undefined
}

function redefinition(
  attributes: readonly AttributeInput[],
  others: readonly AttributeInput[],
  path: string,
): Flaw | undefined {
  const names = new Set(others.map(({ name }) => name.toLowerCase()))
  const index = attributes.findIndex(({ name }) => names.has(name.toLowerCase()))
  const name = attributes[index]?.name
  if (name === undefined) return undefined
  const problem = 'redefines an attribute that the resource has anyway; choose another name'
  return { path: `${path}[${index}] ("${name}")`, problem }
}

function unknownReference(
  attributes: readonly AttributeInput[],
  known: ReadonlySet<string>,
  path: string,
): Flaw | undefined {
  for (const [index, { referenceTypes = [], subAttributes = [] }] of attributes.entries()) {
    const unknown = referenceTypes.find((name) => !known.has(name))
    if (unknown !== undefined) {
      const problem = `names "${unknown}", which is neither a resource type nor "external" or "uri"`
      return { path: `${path}[${index}].referenceTypes`, problem }
    }
    const below = unknownReference(subAttributes, known, `${path}[${index}].subAttributes`)
    if (below) return below
  }
  return undefined
}

function flawInTypes(options: SchemaOptions): Flaw | undefined {
  const { schemas = [], resourceTypes = [], userExtensions = [], groupExtensions = [] } = options
  const byUrn = new Map(schemas.map((schema) => [schema.id.toLowerCase(), schema]))
  return (
    typeFlaw(resourceTypes, byUrn) ??
    flawInExtensions(userExtensions, {
      ...{ path: 'userExtensions', base: userSchema, byUrn },
      taken: [userUrn, enterpriseUserUrn],
    }) ??
    flawInExtensions(groupExtensions, {
      ...{ path: 'groupExtensions', base: groupSchema, byUrn },
      taken: [groupUrn],
    })
  )
}

function typeFlaw(
  types: readonly ResourceTypeInput[],
  byUrn: ReadonlyMap<string, SchemaInput>,
): Flaw | undefined {
  const names = new Set(takenNames)
  const endpoints = new Set(takenEndpoints)
  for (const [index, { name, endpoint, schema, schemaExtensions = [] }] of types.entries()) {
    const path = `resourceTypes[${index}]`
    const base = byUrn.get(schema.toLowerCase())
    const flaw =
      nameFlaw(`${path}.name`, name, { syntax: typeName, taken: names }) ??
      nameFlaw(`${path}.endpoint`, endpoint, { syntax: endpointSyntax, taken: endpoints })
    if (flaw) return flaw
    if (!base) {
      const problem = `is "${schema}", which is not the id of one of "schemas"; add it there`
      return { path: `${path}.schema`, problem }
    }
    const place = { path: `${path}.schemaExtensions`, base, byUrn, taken: [schema] }
    const below = flawInExtensions(schemaExtensions, place)
    if (below) return below
    names.add(name.toLowerCase())
    endpoints.add(endpoint.toLowerCase())
  }
  return undefined
}

interface NameRules {
  readonly syntax: RegExp
  readonly taken: ReadonlySet<string>
}

function nameFlaw(path: string, value: string, { syntax, taken }: NameRules): Flaw | undefined {
  if (!syntax.test(value)) {
    return { path, problem: `is "${value}"; use a letter, then letters, digits, "_" and "-"` }
  }
  if (!taken.has(value.toLowerCase())) return undefined
  return { path, problem: `is "${value}", which is taken; choose another` }
}

interface ExtensionPlace {
  readonly path: string
  /** The schema that is extended. */
  readonly base: SchemaInput
  readonly byUrn: ReadonlyMap<string, SchemaInput>
  /** URNs of schemas that the type has already. */
  readonly taken: readonly string[]
}

function flawInExtensions(
  extensions: readonly ExtensionInput[],
  { path, base, byUrn, taken }: ExtensionPlace,
): Flaw | undefined {
  const urns = new Set(taken.map((urn) => urn.toLowerCase()))
  for (const [index, { schema }] of extensions.entries()) {
    const lower = schema.toLowerCase()
    const place = `${path}[${index}].schema`
    const extension =
      lower === enterpriseUserUrn.toLowerCase() ? enterpriseUserSchema : byUrn.get(lower)
    if (urns.has(lower)) {
      return { path: place, problem: `is "${schema}", which the resource type has already` }
    }
    if (!extension) {
      const problem = `is "${schema}", which is not the id of one of "schemas"; add it there`
      return { path: place, problem }
    }
    const flaw = redefinition(extension.attributes, base.attributes, `${place}: attributes`)
    if (flaw) return flaw
    urns.add(lower)
  }
  return undefined
}

/** Refuses a schema that no resource type uses: usually its URN has a typo. */
function unusedSchema(options: SchemaOptions): Flaw | undefined {
  const { schemas = [], resourceTypes = [], userExtensions = [], groupExtensions = [] } = options
  const used = new Set(
    [
      ...resourceTypes.flatMap(({ schema, schemaExtensions = [] }) => [
        schema,
        ...schemaExtensions.map((extension) => extension.schema),
      ]),
      ...[...userExtensions, ...groupExtensions].map(({ schema }) => schema),
    ].map((urn) => urn.toLowerCase()),
  )
  const index = schemas.findIndex(({ id }) => !used.has(id.toLowerCase()))
  if (index < 0) return undefined
  const problem =
    'is part of no resource type; name it in userExtensions, groupExtensions or resourceTypes'
  return { path: `schemas[${index}]`, problem }
}
