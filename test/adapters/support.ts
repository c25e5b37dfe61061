import { randomUUID } from 'node:crypto'
import { comparableOf } from '../../lib/schema/comparable.js'
import { compileResourceTypes } from '../../lib/schema/compile.js'
import { lookupKeys } from '../../lib/schema/lookups.js'
import type { ResourceType } from '../../lib/schema/types.js'
import type { Group, Read, Resource, Scope, User, Write } from '../../lib/stores/index.js'

export const types = compileResourceTypes()
export const userType = typeNamed('User')
export const groupType = typeNamed('Group')

function typeNamed(name: string): ResourceType {
  const type = types.byName.get(name)
  if (type === undefined) throw new Error(`No resource type ${name}.`)
  return type
}

export const everything: Read = { omit: new Set() }

export function aScope(tenant: string = randomUUID()): Scope {
  return { tenant, actor: 'test', requestId: 'request', signal: new AbortController().signal }
}

const created = '2026-01-31T09:00:00.000Z'

export function aUser(attributes: Record<string, unknown> = {}): User {
  const id = randomUUID()
  const meta = { resourceType: 'User', created, lastModified: created, version: randomUUID() }
  return { id, userName: `user-${id}`, active: true, meta, ...attributes } as User
}

export function aGroup(attributes: Record<string, unknown> = {}): Group {
  const id = randomUUID()
  const meta = { resourceType: 'Group', created, lastModified: created, version: randomUUID() }
  return { id, displayName: `group-${id}`, meta, ...attributes } as Group
}

/** What the library gives a store beside a resource. */
export function writeOf(resource: Resource, type?: ResourceType): Write {
  const own = type ?? typeNamed(resource.meta.resourceType)
  return {
    keys: lookupKeys(own, resource),
    comparable: () => comparableOf(own, resource),
  }
}
