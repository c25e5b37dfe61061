import { randomUUID } from 'node:crypto'
import { comparableOf } from '../schema/comparable.js'
import { compileResourceTypes } from '../schema/compile.js'
import { lookupKeys } from '../schema/lookups.js'
import type { ResourceType } from '../schema/types.js'
import type {
  Adapters,
  Group,
  Outbox,
  Resource,
  ResourceStore,
  Scope,
  User,
  Write,
} from '../stores/index.js'
import { omitNothing } from '../stores/reads.js'

/** A store under test, and how to make resources for it. */
export interface Subject {
  /** First part of the ids of its checks. */
  readonly name: 'users' | 'groups' | 'devices'
  readonly type: ResourceType
  /** An attribute that every resource has; unique if the type requires it. */
  readonly nameAttribute: string
  readonly isUnique: boolean
  store(adapters: Adapters): ResourceStore
  has(adapters: Adapters): boolean
}

const deviceUrn = 'urn:example:params:scim:schemas:Device'

const compiled = compileResourceTypes({
  schemas: [
    {
      id: deviceUrn,
      name: 'Device',
      attributes: [
        { name: 'serial', required: true, uniqueness: 'server' },
        { name: 'size', type: 'decimal' },
        { name: 'count', type: 'integer' },
        { name: 'isNew', type: 'boolean' },
        { name: 'seen', type: 'dateTime' },
        { name: 'key', type: 'binary' },
        { name: 'manual', type: 'reference', referenceTypes: ['external'] },
        { name: 'tags', multiValued: true },
        {
          name: 'parts',
          type: 'complex',
          multiValued: true,
          subAttributes: [{ name: 'value' }, { name: 'amount', type: 'integer' }],
        },
      ],
    },
  ],
  resourceTypes: [{ name: 'Device', endpoint: '/Devices', schema: deviceUrn }],
})

/** The stores that the checks of resources run on. */
export const subjects: readonly Subject[] = [
  {
    name: 'users',
    type: typeNamed('User'),
    nameAttribute: 'userName',
    isUnique: true,
    store: ({ users }) => users as ResourceStore,
    has: () => true,
  },
  {
    name: 'groups',
    type: typeNamed('Group'),
    nameAttribute: 'displayName',
    isUnique: false,
    store: ({ groups }) => groups as ResourceStore,
    has: () => true,
  },
  {
    name: 'devices',
    type: typeNamed('Device'),
    nameAttribute: 'serial',
    isUnique: true,
    store: deviceStore,
    has: ({ resourceStore }) => resourceStore !== undefined,
  },
]

/** The resource type of this name. */
export function typeNamed(name: string): ResourceType {
  const type = compiled.byName.get(name)
  if (type === undefined) throw new Error(`There is no resource type "${name}".`)
  return type
}

function deviceStore(adapters: Adapters): ResourceStore {
  const store = adapters.resourceStore?.(typeNamed('Device'))
  if (store === undefined) throw new Error('There is no store for devices.')
  return store
}

/** The subject of users or groups. */
export function subjectNamed(name: Subject['name']): Subject {
  const found = subjects.find((each) => each.name === name)
  if (found === undefined) throw new Error(`There is no subject "${name}".`)
  return found
}

/** A scope with a new tenant. */
export function freshScope(): Scope {
  return {
    tenant: `tenant-${randomUUID()}`,
    actor: 'conformance',
    requestId: randomUUID(),
    signal: new AbortController().signal,
  }
}

/** An instant this many milliseconds after a fixed one. */
export function instant(milliseconds = 0): string {
  return new Date(Date.UTC(2026, 0, 31, 9) + milliseconds).toISOString()
}

/** Makes a resource and invents the attributes that are not given. */
export function make(subject: Subject, attributes: Record<string, unknown> = {}): Resource {
  const { type, nameAttribute } = subject
  const at = instant()
  return {
    id: randomUUID(),
    [nameAttribute]: `${subject.name}-${randomUUID()}`,
    ...(type.name === 'User' && { active: true }),
    meta: { resourceType: type.name, created: at, lastModified: at, version: randomUUID() },
    ...attributes,
  } as Resource
}

/** The data that the library passes to a store along with a resource. */
export function writeOf(resource: Resource, outbox?: Outbox): Write {
  const type = typeNamed(resource.meta.resourceType)
  return {
    keys: lookupKeys(type, resource),
    comparable: () => comparableOf(type, resource),
    ...(outbox && { outbox }),
  }
}

/** The next state of a stored resource, with other attributes and a new version. */
export function changed(resource: Resource, attributes: Record<string, unknown>): Resource {
  const meta = { ...resource.meta, lastModified: instant(1000), version: randomUUID() }
  const next = { ...resource, ...attributes, meta } as Record<string, unknown>
  for (const [name, value] of Object.entries(next)) if (value === undefined) delete next[name]
  return next as unknown as Resource
}

/** Stores a new resource. */
export async function create(
  { adapters, scope }: { readonly adapters: Adapters; readonly scope: Scope },
  subject: Subject,
  attributes: Record<string, unknown> = {},
): Promise<Resource> {
  const resource = make(subject, attributes)
  return subject.store(adapters).create(scope, resource, writeOf(resource))
}

/** Stores a new resource whose `externalId` is unique, as with `uniqueExternalIds`. */
export async function createUnique(
  { adapters, scope }: { readonly adapters: Adapters; readonly scope: Scope },
  subject: Subject,
  attributes: Record<string, unknown>,
): Promise<Resource> {
  const resource = make(subject, attributes)
  const write = writeOf(resource)
  const keys = write.keys.map((key) => ({
    ...key,
    unique: key.unique || key.attribute === 'externalId',
  }))
  return subject.store(adapters).create(scope, resource, { ...write, keys })
}

/** Stores a new user. */
export async function createUser(
  context: { readonly adapters: Adapters; readonly scope: Scope },
  attributes: Record<string, unknown> = {},
): Promise<User> {
  return (await create(context, subjectNamed('users'), attributes)) as User
}

/** Stores new users, as many at once as every store has to bear. */
export async function createUsers(
  context: { readonly adapters: Adapters; readonly scope: Scope },
  count: number,
): Promise<User[]> {
  const users: User[] = []
  while (users.length < count) {
    const next = Array.from({ length: Math.min(50, count - users.length) }, () =>
      createUser(context),
    )
    users.push(...(await Promise.all(next)))
  }
  return users
}

/** Stores a new group with these members. */
export async function createGroup(
  context: { readonly adapters: Adapters; readonly scope: Scope },
  memberIds: readonly string[] = [],
  attributes: Record<string, unknown> = {},
): Promise<Group> {
  const members = memberIds.map((value) => ({ value }))
  const all = { ...attributes, ...(members.length > 0 && { members }) }
  return (await create(context, subjectNamed('groups'), all)) as Group
}

/** Ids of a group's members, sorted. */
export async function memberIds(
  { adapters, scope }: { readonly adapters: Adapters; readonly scope: Scope },
  groupId: string,
): Promise<readonly string[]> {
  const group = await adapters.groups.get(scope, groupId, omitNothing)
  return (group?.members ?? []).map(({ value }) => value).sort()
}
