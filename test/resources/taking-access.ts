import { createReconciler, type Reconciler } from '../../lib/access/index.js'
import type { ScimOptions } from '../../lib/options.js'
import type { AccessStore, AccessTarget, Adapters, Scope } from '../../lib/stores/index.js'
import { recordingTarget } from '../access/recording-target.js'
import { someRules } from '../access/world.js'
import { type Answer, bulkUrn, groupUrn, type ServiceProvider, serve } from '../protocol/server.js'

export const scope: Scope = {
  tenant: 'acme',
  actor: 'test',
  requestId: 'test',
  signal: new AbortController().signal,
}

/**
 * Ann and Bob; Ann has the role Annotator by the group Crew alone, directly or through the group
 * Inner.
 */
export interface Organization extends ServiceProvider {
  readonly access: AccessStore
  readonly host: ReturnType<typeof recordingTarget>
  readonly reconciler: Reconciler
  readonly ann: string
  readonly bob: string
  readonly crew: string
  readonly inner: string
  /** A group to which a rule gives the role Deactivated; nobody is in it. */
  readonly shut: string
  /** Whether the gate would let Ann in. */
  isLetIn(): Promise<boolean>
  /** Whether the system behind lets Ann in. */
  isActive(): boolean
}

/** A way to take Ann's last role. */
export interface Way {
  readonly title: string
  readonly isNested: boolean
  take(organization: Organization): Promise<Answer>
}

type Given = Pick<Way, 'title' | 'take'>

const members = (...ids: readonly string[]) => ids.map((value) => ({ value }))
const aGroup = (displayName: string, ids: readonly string[]) => ({
  schemas: [groupUrn],
  displayName,
  members: members(...ids),
})
const bulk = (world: Organization, method: string, path: string, data?: object) =>
  world.post('/Bulk', { schemas: [bulkUrn], Operations: [{ method, path, ...(data && { data }) }] })
const removal = (id: string) => ({ op: 'remove', path: `members[value eq "${id}"]` })

/** What can be done to one group that contains `member`. */
function waysOut(of: 'crew' | 'inner', member: (world: Organization) => string): readonly Given[] {
  const path = (world: Organization) => `/Groups/${world[of]}`
  const name = of === 'crew' ? 'Crew' : 'Inner'
  return [
    {
      title: 'PATCH remove by path',
      take: (world) => world.patch(path(world), [removal(member(world))]),
    },
    {
      title: 'PATCH remove by value',
      take: (world) =>
        world.patch(path(world), [
          { op: 'remove', path: 'members', value: members(member(world)) },
        ]),
    },
    {
      title: 'PATCH remove of all',
      take: (world) => world.patch(path(world), [{ op: 'remove', path: 'members' }]),
    },
    {
      title: 'PATCH replace',
      take: (world) =>
        world.patch(path(world), [{ op: 'replace', path: 'members', value: members(world.bob) }]),
    },
    {
      title: 'PATCH remove and another attribute, of a version',
      take: async (world) => {
        const { body } = await world.get(path(world))
        const operations = [removal(member(world)), { op: 'add', path: 'externalId', value: 'x' }]
        return world.patch(path(world), operations, {
          headers: { 'If-Match': body.meta.version },
        })
      },
    },
    {
      title: 'PUT with others',
      take: (world) => world.put(path(world), aGroup(name, [world.bob])),
    },
    {
      title: 'PUT of nobody',
      take: (world) => world.put(path(world), { schemas: [groupUrn], displayName: name }),
    },
    { title: 'DELETE', take: (world) => world.delete(path(world)) },
    { title: 'DELETE in Bulk', take: (world) => bulk(world, 'DELETE', path(world)) },
    {
      title: 'PATCH in Bulk',
      take: (world) =>
        bulk(world, 'PATCH', path(world), {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [removal(member(world))],
        }),
    },
  ]
}

/** Another name takes what rules gave to the one before. */
function renames(member: (world: Organization) => string): readonly Given[] {
  const path = ({ crew }: Organization) => `/Groups/${crew}`
  return [
    {
      title: 'PATCH of the name',
      take: (world) =>
        world.patch(path(world), [{ op: 'replace', path: 'displayName', value: 'Other' }]),
    },
    {
      title: 'PUT of another name',
      take: (world) => world.put(path(world), aGroup('Other', [member(world)])),
    },
    {
      title: 'PUT of another name and others',
      take: (world) => world.put(path(world), aGroup('Other', [world.bob])),
    },
  ]
}

const theInner = ({ inner }: Organization) => inner
const theAnn = ({ ann }: Organization) => ann
const titled = (given: readonly Given[], title: string, isNested: boolean): readonly Way[] =>
  given.map((way) => ({ ...way, title: `${title}: ${way.title}`, isNested }))

/** Every way by which a group takes somebody's last role. */
export const waysToTakeTheRole: readonly Way[] = [
  ...titled([...waysOut('crew', theAnn), ...renames(theAnn)], 'of the group', false),
  ...titled([...waysOut('crew', theInner), ...renames(theInner)], 'of the group around', true),
  ...titled(waysOut('inner', theAnn), 'of the group within', true),
]

/** A rule can also give the role Deactivated, to whoever has no other. */
export const waysToShutOut: readonly Given[] = [
  {
    title: 'PATCH that adds somebody',
    take: ({ patch, shut, ann }) =>
      patch(`/Groups/${shut}`, [{ op: 'add', path: 'members', value: members(ann) }]),
  },
  {
    title: 'PATCH that adds a group',
    take: ({ patch, shut, inner }) =>
      patch(`/Groups/${shut}`, [{ op: 'add', path: 'members', value: members(inner) }]),
  },
  {
    title: 'PATCH that adds somebody to a group within',
    take: async ({ patch, group, shut, ann }) => {
      const { id } = await group('Within')
      await patch(`/Groups/${shut}`, [{ op: 'add', path: 'members', value: members(id) }])
      return patch(`/Groups/${id}`, [{ op: 'add', path: 'members', value: members(ann) }])
    },
  },
  {
    title: 'PUT with somebody',
    take: ({ put, shut, ann }) => put(`/Groups/${shut}`, aGroup('Shut', [ann])),
  },
  {
    title: 'POST of a group with somebody',
    take: async (world) => {
      await world.delete(`/Groups/${world.shut}`)
      return world.post('/Groups', aGroup('Shut', [world.ann]))
    },
  },
  {
    title: 'PATCH of a name',
    take: async (world) => {
      await world.delete(`/Groups/${world.shut}`)
      const path = `/Groups/${world.inner}`
      return world.patch(path, [{ op: 'replace', path: 'displayName', value: 'Shut' }])
    },
  },
]

/** Bulk answers 200 with the status of each operation. */
export function statusOf({ status, body }: Answer): number {
  return body?.Operations ? Number(body.Operations[0].status) : status
}

/** Starts SCIM over these stores, before anybody is in a group. */
export async function organization(
  make: (target: AccessTarget) => Adapters | Promise<Adapters>,
  options: Partial<ScimOptions> = {},
  isNested = false,
): Promise<Organization> {
  const host = recordingTarget()
  const provider = await serve(await make(host.target), options)
  const access = provider.adapters.access as AccessStore
  const reconciler = createReconciler(provider.adapters)
  const rules = someRules({
    roles_groups: [
      ['Annotator', 'Crew'],
      ['Deactivated', 'Shut'],
    ],
  })
  await access.saveRules(scope, rules, { expectedVersion: '0', affects: [] })
  const ann: string = (await provider.user('ann@example.com')).id
  const bob: string = (await provider.user('bob@example.com')).id
  await reconciler.drain()
  const inner: string = (await provider.group('Inner', [ann])).id
  const crew: string = (await provider.group('Crew', isNested ? [inner] : [ann])).id
  const shut: string = (await provider.group('Shut')).id
  return {
    ...provider,
    ...{ access, host, reconciler, ann, bob, crew, inner, shut },
    async isLetIn() {
      const user = await provider.adapters.users.get(scope, ann, { omit: new Set() })
      if (!user) return false
      return (await provider.adapters.groups.resolveAccess(scope, user)).active
    },
    isActive: () => host.people.get(ann)?.active === true,
  }
}
