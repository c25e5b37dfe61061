import { type Deviations, resolveDeviations } from '../../lib/deviations.js'
import type { ParsedFilter, ResolvedFilter } from '../../lib/filter/ast.js'
import { evaluate } from '../../lib/filter/evaluate.js'
import { parseFilter } from '../../lib/filter/parse.js'
import { type ResolveOptions, resolveFilter } from '../../lib/filter/resolve.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import type { JsonObject, ResourceType } from '../../lib/schema/types.js'

export const allDeviations: Deviations = resolveDeviations()
export const noDeviations: Deviations = resolveDeviations({ strict: true })

/** One attribute of every type, singular and multi-valued, as a host would define them. */
const deviceUrn = 'urn:example:device:1.0:Device'
const locationUrn = 'urn:example:location:1.5:Location'
const storageUrn = 'urn:example:storage:1.0:Storage'
const compiled = compileResourceTypes({
  schemas: [
    {
      id: deviceUrn,
      name: 'Device',
      attributes: [
        { name: 'serial', caseExact: true },
        { name: 'label' },
        { name: 'enabled', type: 'boolean' },
        { name: 'weight', type: 'decimal' },
        { name: 'ports', type: 'integer' },
        { name: 'bought', type: 'dateTime' },
        { name: 'key', type: 'binary', caseExact: true },
        { name: 'manual', type: 'reference', referenceTypes: ['external'], caseExact: true },
        { name: 'pin', returned: 'never', mutability: 'writeOnly' },
        {
          name: 'codes',
          type: 'complex',
          multiValued: true,
          returned: 'never',
          mutability: 'writeOnly',
          subAttributes: [{ name: 'value' }, { name: 'type' }],
        },
        { name: 'tags', multiValued: true },
        {
          name: 'owner',
          type: 'complex',
          subAttributes: [
            { name: 'label' },
            { name: 'since', type: 'dateTime' },
            { name: 'primary', type: 'boolean' },
            { name: 'account', type: 'reference', referenceTypes: ['User'], caseExact: true },
          ],
        },
        {
          name: 'links',
          type: 'complex',
          multiValued: true,
          subAttributes: [
            { name: 'value' },
            { name: 'type' },
            { name: 'primary', type: 'boolean' },
            { name: 'speed', type: 'integer' },
            { name: '$ref', type: 'reference', referenceTypes: ['external'], caseExact: true },
          ],
        },
      ],
    },
    {
      id: locationUrn,
      name: 'Location',
      attributes: [{ name: 'building' }, { name: 'floor', type: 'integer' }],
    },
    { id: storageUrn, name: 'Storage', attributes: [{ name: 'building' }, { name: 'shelf' }] },
  ],
  resourceTypes: [
    {
      name: 'Device',
      endpoint: '/Devices',
      schema: deviceUrn,
      schemaExtensions: [{ schema: locationUrn }, { schema: storageUrn }],
    },
  ],
})

/** A resource type by name: `User`, `Group` or `Device`. */
export function resourceType(name: string): ResourceType {
  const type = compiled.byName.get(name)
  if (type === undefined) throw new Error(`no resource type ${name}`)
  return type
}

/**
 * Parses and resolves a filter on a resource type, with all deviations on unless others are given.
 */
export function resolve(
  text: string,
  typeName = 'User',
  options: Partial<ResolveOptions> = {},
): ResolvedFilter {
  const { deviations = allDeviations } = options
  const parsed = parseFilter(text, { deviations })
  return resolveFilter(parsed, resourceType(typeName), { ...options, deviations })
}

/** Whether a resource matches a filter. */
export function matches(
  text: string,
  resource: object,
  typeName = 'User',
  options: Partial<ResolveOptions> = {},
): boolean {
  return evaluate(resolve(text, typeName, options), resource as JsonObject)
}

/** A parsed filter as plain data without positions, to compare trees. */
export function withoutPositions(filter: ParsedFilter): unknown {
  return JSON.parse(
    JSON.stringify(filter, (key, value) => (key === 'position' ? undefined : value)),
  )
}

/** What a function throws; fails when it does not. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
