import { memoryAdapters } from '../../adapters/memory/index.js'
import { protectUsers } from '../../lib/index.js'
import type { Adapters } from '../../lib/stores/index.js'
import { bulkUrn, groupUrn, type ServiceProvider, serve, userUrn } from './server.js'

const owner = 'owner@acme.example'
const theirs = { kind: 'protected', reason: 'The owner is protected.' } as const

interface Setting {
  readonly scim: ServiceProvider
  /** Protected, and in `group`. */
  readonly person: { readonly id: string; readonly [attribute: string]: unknown }
  readonly group: { readonly id: string; readonly [attribute: string]: unknown }
}

/**
 * The owner came into the store before they were protected: by an import, or because the host's
 * list is new.
 */
async function settle(adapters: Adapters, names: readonly string[] = []): Promise<Setting> {
  const before = await serve(adapters)
  const { id } = await before.user(owner, { emails: [{ value: 'Boss@acme.example' }] })
  const crew = await before.group('Crew', [id])
  const scim = await serve(protectUsers(adapters, names))
  const person = await scim.get(`/Users/${id}?excludedAttributes=groups`)
  const group = await scim.get(`/Groups/${crew.id}`)
  return { scim, person: person.body, group: group.body }
}

const ways: [name: string, make: () => Promise<Setting>][] = [
  [
    'the adapter',
    () => {
      let isInstalled = false
      const adapters = memoryAdapters()
      const users = {
        ...adapters.users,
        exemptions: async (_: unknown, people: readonly { userName: string }[]) =>
          people.map(({ userName }) =>
            isInstalled && userName.toLowerCase() === owner ? theirs : undefined,
          ),
      }
      return settle({ ...adapters, users }).finally(() => {
        isInstalled = true
      })
    },
  ],
  ['the host by userName', () => settle(memoryAdapters(), ['OWNER@acme.example'])],
  ['the host by e-mail', () => settle(memoryAdapters(), ['boss@ACME.example'])],
]

describe.each(ways)('somebody protected by %s', (name, make) => {
  const operation = (op: string, path: string, value?: unknown) => [{ op, path, value }]

  it('cannot be changed, deactivated, renamed or deleted by any request (S-AUTHZ-07, S-ATO-04)', async () => {
    const { scim, person, group } = await make()
    const path = `/Users/${person.id}`
    const attempts = [
      scim.patch(path, operation('replace', 'active', false)),
      scim.patch(path, operation('replace', 'userName', 'free@acme.example')),
      scim.patch(path, operation('replace', 'emails', [{ value: 'evil@acme.example' }])),
      scim.patch(path, operation('add', 'title', 'x')),
      scim.put(path, { schemas: [userUrn], userName: owner, active: false }),
      scim.put(path, { schemas: [userUrn], userName: 'free@acme.example' }),
      scim.delete(path),
      scim.patch(`/Groups/${group.id}`, operation('remove', `members[value eq "${person.id}"]`)),
      scim.patch(`/Groups/${group.id}`, operation('remove', 'members')),
      scim.patch(`/Groups/${group.id}`, operation('replace', 'members', [])),
      scim.put(`/Groups/${group.id}`, { schemas: [groupUrn], displayName: 'Crew' }),
      scim.post('/Groups', {
        schemas: [groupUrn],
        displayName: 'Other',
        members: [{ value: person.id }],
      }),
    ]
    for (const answer of await Promise.all(attempts)) {
      expect([answer.status, answer.body.status]).toEqual([403, '403'])
    }
    expect((await scim.get(`${path}?excludedAttributes=groups`)).body).toEqual(person)
    expect((await scim.get(`/Groups/${group.id}`)).body).toEqual(group)
  })

  it('cannot be put into another group by a delta, a replacement or a whole group (S-AUTHZ-07, S-AUTHZ-10)', async () => {
    const { scim, person } = await make()
    const group = await scim.group('Admins')
    const members = [{ value: person.id }]
    for (const { status } of [
      await scim.patch(`/Groups/${group.id}`, operation('add', 'members', members)),
      await scim.patch(`/Groups/${group.id}`, operation('replace', 'members', members)),
      await scim.put(`/Groups/${group.id}`, { ...group, members }),
    ]) {
      expect(status).toBe(403)
    }
    expect((await scim.get(`/Groups/${group.id}`)).body).toEqual(group)
  })

  it('cannot be reached by a bulk request either (S-AUTHZ-07)', async () => {
    const { scim, person, group } = await make()
    const { body } = await scim.post('/Bulk', {
      schemas: [bulkUrn],
      Operations: [
        { method: 'DELETE', path: `/Users/${person.id}` },
        {
          method: 'PATCH',
          path: `/Users/${person.id}`,
          data: operation('replace', 'active', false),
        },
        { method: 'PATCH', path: `/Groups/${group.id}`, data: operation('remove', 'members') },
      ],
    })
    const statuses = body.Operations.map(({ status }: { status: string }) => status)
    expect(statuses).toEqual(['403', '403', '403'])
  })

  it('does not get in the way of what leaves them alone', async () => {
    const { scim, person, group } = await make()
    const user = await scim.user('ines')
    const add = operation('add', 'members', [{ value: user.id }, { value: person.id }])
    expect((await scim.patch(`/Groups/${group.id}`, add)).status).toBe(204)
    expect((await scim.put(`/Users/${person.id}`, { ...person, active: true })).status).toBe(200)
    expect((await scim.get(`/Users/${person.id}`)).body.userName).toBe(owner)
  })

  it('is not created anew, and nobody else takes their name (S-ATO-04, S-AUTHZ-07)', async () => {
    const { scim } = await make()
    const address = name === 'the host by e-mail' ? 'boss@acme.example' : owner
    const attributes =
      name === 'the host by e-mail'
        ? { userName: 'x', emails: [{ value: address }] }
        : { userName: address }
    const created = await scim.post('/Users', { schemas: [userUrn], ...attributes })
    expect(created.status).toBe(403)
    const user = await scim.user('ines')
    const renamed = await scim.put(`/Users/${user.id}`, { schemas: [userUrn], ...attributes })
    expect(renamed.status).toBe(403)
  })
})

it('is refused in words that name nobody, and audited (S-OPS-01, S-LEAK-05)', async () => {
  const { scim, person } = await settle(memoryAdapters(), [owner])
  const { body } = await scim.delete(`/Users/${person.id}`)
  expect(body.detail).not.toContain(owner)
  const refusals = scim.events.filter(({ event }) => event === 'request.refused')
  expect(refusals.at(-1)).toMatchObject({
    event: 'request.refused',
    outcome: 'refused',
    status: 403,
    target: { resourceType: 'User', id: person.id },
  })
})
