import { type DeviationOptions, resolveDeviations } from '../../lib/deviations.js'
import { ScimError } from '../../lib/errors.js'
import { applyPatch, type Patched } from '../../lib/patch/apply.js'
import type { PatchLimits, PatchOptions } from '../../lib/patch/operation.js'
import { readPatch } from '../../lib/patch/read-patch.js'
import { inOneGo } from '../../lib/patch/steps.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import type { Json, JsonObject, ResourceType } from '../../lib/schema/types.js'

export const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
export const warranty = 'urn:example:params:scim:schemas:extension:Warranty'
/** Its URN begins with another extension's. */
export const lease = `${warranty}:Lease`
export const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

const compiled = compileResourceTypes({
  schemas: [
    {
      id: 'urn:example:params:scim:schemas:Device',
      name: 'Device',
      attributes: [
        { name: 'serial', required: true, mutability: 'immutable', caseExact: true },
        { name: 'model', mutability: 'immutable' },
        { name: 'firmware', mutability: 'readOnly' },
        { name: 'pin', mutability: 'writeOnly', returned: 'never' },
        { name: 'stickers', multiValued: true, mutability: 'immutable' },
        { name: 'tags', multiValued: true },
        { name: 'codes', multiValued: true, caseExact: true },
        { name: 'level', type: 'integer' },
        { name: 'weight', type: 'decimal' },
        { name: 'seen', type: 'dateTime' },
        { name: 'key', type: 'binary' },
        { name: 'manual', type: 'reference', referenceTypes: ['external'] },
        {
          name: 'place',
          type: 'complex',
          subAttributes: [
            { name: 'building', required: true },
            { name: 'room' },
            { name: 'labels', multiValued: true },
            { name: 'zone', mutability: 'immutable' },
          ],
        },
        {
          name: 'owners',
          type: 'complex',
          multiValued: true,
          required: true,
          subAttributes: [
            { name: 'value', required: true },
            { name: 'primary', type: 'boolean' },
          ],
        },
      ],
    },
    {
      id: warranty,
      name: 'Warranty',
      attributes: [{ name: 'until', type: 'dateTime', required: true }, { name: 'vendor' }],
    },
    {
      id: lease,
      name: 'Lease',
      attributes: [
        { name: 'vendor' },
        { name: 'note' },
        { name: 'number', mutability: 'readOnly' },
        { name: 'holder', mutability: 'immutable' },
      ],
    },
    {
      id: 'urn:example:params:scim:schemas:Team',
      name: 'Team',
      attributes: [
        {
          name: 'members',
          type: 'complex',
          multiValued: true,
          required: true,
          subAttributes: [{ name: 'value', mutability: 'immutable' }],
        },
      ],
    },
  ],
  resourceTypes: [
    {
      name: 'Device',
      endpoint: '/Devices',
      schema: 'urn:example:params:scim:schemas:Device',
      schemaExtensions: [{ schema: warranty, required: true }, { schema: lease }],
    },
    { name: 'Team', endpoint: '/Teams', schema: 'urn:example:params:scim:schemas:Team' },
  ],
})

/**
 * A compiled resource type: `User`, `Group`, or `Device` with every characteristic a host can give.
 */
export function typeOf(name: string): ResourceType {
  const type = compiled.byName.get(name)
  if (type === undefined) throw new Error(`no type ${name}`)
  return type
}

const meta = {
  created: '2026-01-31T09:00:00.000Z',
  lastModified: '2026-01-31T09:00:00.000Z',
  version: 'v1',
}

/** Resources as stores keep them, by the name of their type. */
export const resources: Readonly<Record<string, JsonObject>> = {
  User: {
    id: 'u1',
    externalId: 'ext-1',
    meta: { resourceType: 'User', ...meta },
    userName: 'ines@acme.example',
    displayName: 'Ines Moreau',
    nickName: 'Ines',
    active: true,
    name: { givenName: 'Ines', familyName: 'Moreau', formatted: 'Ines Moreau' },
    emails: [
      { value: 'ines@acme.example', type: 'work', primary: true },
      { value: 'ines@home.example', type: 'home' },
    ],
    addresses: [
      { type: 'work', streetAddress: '911 Universal City Plaza', country: 'US', primary: true },
      { type: 'home', streetAddress: '1 Rue Verte', country: 'FR' },
    ],
    [enterprise]: { department: 'Sales', employeeNumber: 'E-1', manager: { value: 'm1' } },
  },
  Group: {
    id: 'g1',
    meta: { resourceType: 'Group', ...meta },
    displayName: 'Field Crew',
    members: [
      { value: 'a', type: 'User', display: 'Ada' },
      { value: 'b', type: 'User', display: 'Bob' },
      { value: 'c', type: 'Group', display: 'Cleaners' },
    ],
  },
  Device: {
    id: 'd1',
    meta: { resourceType: 'Device', ...meta },
    serial: 'S-1',
    firmware: '1.0',
    tags: ['Blue', 'heavy'],
    level: 3,
    place: { building: 'A', room: '1', labels: ['x'] },
    owners: [{ value: 'o1', primary: true }, { value: 'o2' }],
    [warranty]: { until: '2027-01-01T00:00:00Z', vendor: 'Acme' },
  },
}

/**
 * How a test chooses to differ from the defaults: all deviations on, unknown names of RFC schemas
 * ignored.
 */
export interface Choice extends DeviationOptions {
  readonly unknownAttributes?: PatchOptions['unknownAttributes']
  readonly limits?: Partial<PatchLimits>
}

export function optionsOf(choice: Choice = {}): PatchOptions {
  return {
    deviations: resolveDeviations(choice),
    unknownAttributes: choice.unknownAttributes ?? 'known',
    ...(choice.limits && { limits: choice.limits }),
  }
}

/** Sends operations through `readPatch` and `applyPatch`, as a request goes. */
export function patch(
  typeName: string,
  operations: Json,
  { resource = resources[typeName]!, ...choice }: Choice & { resource?: JsonObject } = {},
): Patched {
  const options = optionsOf(choice)
  const body = { schemas: [patchOp], Operations: operations }
  return inOneGo(applyPatch(typeOf(typeName), resource, readPatch(body, options), options))
}

/** The ScimError that a call throws, in short; anything else that happens fails the test. */
export function refusal(call: () => unknown): { status: number; scimType: string | undefined } {
  try {
    call()
  } catch (error) {
    if (!(error instanceof ScimError)) throw error
    return { status: error.status, scimType: error.scimType }
  }
  throw new Error('expected a ScimError, nothing was thrown')
}
