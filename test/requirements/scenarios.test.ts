import { memoryAdapters } from '../../adapters/memory/index.js'
import { onSignIn } from '../../lib/index.js'
import type { JsonObject } from '../../lib/schema/types.js'
import { bulkUrn, enterpriseUrn, type ServiceProvider, serve, userUrn } from '../protocol/server.js'

/** The scenarios of RFC 7642 §3. */

const globex = { as: 'globex' }

it('moves all people and groups of one tenant to another by pages and bulk requests (UC-01)', async () => {
  const scim = await serve(memoryAdapters(), { limits: { maxResults: 7, defaultCount: 7 } })
  const ids: string[] = []
  for (let index = 0; index < 20; index += 1) ids.push((await aPerson(scim, index)).id)
  const inner = await scim.group('Inner', ids.slice(0, 5))
  await scim.group('Outer', [...ids.slice(5), inner.id])

  const [users, groups] = [await everything(scim, '/Users'), await everything(scim, '/Groups')]
  const { body } = await scim.post(
    '/Bulk',
    {
      schemas: [bulkUrn],
      Operations: [
        ...groups.map((group) => creation('/Groups', withReferences(group))),
        ...users.map((user) => creation('/Users', user)),
      ],
    },
    globex,
  )

  const statuses = body.Operations.map(({ status }: { status: string }) => status)
  expect(new Set(statuses)).toEqual(new Set(['201']))
  const moved = await everything(scim, '/Users', globex)
  expect(moved.map(contentOf)).toEqual(users.map(contentOf))
  expect(moved.map(({ id }) => id)).not.toEqual(users.map(({ id }) => id))
  const names = new Map<unknown, unknown>(
    [...users, ...moved].map((each) => [each.id, each['userName']]),
  )
  const membersOf = (list: readonly JsonObject[], displayName: string) =>
    list.find((group) => group['displayName'] === displayName)?.['members'] as JsonObject[]
  const namesOf = (members: readonly JsonObject[]) =>
    new Set(members.map(({ value, display }) => names.get(value ?? '') ?? display))
  const movedGroups = await everything(scim, '/Groups', globex)
  for (const name of ['Inner', 'Outer']) {
    expect(namesOf(membersOf(movedGroups, name))).toEqual(namesOf(membersOf(groups, name)))
  }
})

it('matches somebody who signs in with the person that was provisioned, and lets in nobody else (UC-02, S-ATO-09)', async () => {
  const adapters = memoryAdapters()
  const scim = await serve(adapters)
  const tenant = { tenant: 'acme' }
  const signIn = (email: string) => onSignIn(adapters, tenant, email, { unknownPeople: 'refuse' })
  expect(await signIn('ines@acme.example')).toEqual({ allowed: false, reason: 'unknown' })

  const emails = [{ value: 'Ines@Acme.example', primary: true }]
  const user = await scim.user('ines', { emails, displayName: 'Ines' })
  expect(await signIn('ines@acme.example')).toEqual({
    allowed: true,
    reason: 'active',
    userId: user.id,
  })
  expect((await scim.get(`/Users/${user.id}`)).body).toEqual(user)

  await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'active', value: false }])
  expect(await signIn('ines@acme.example')).toEqual({ allowed: false, reason: 'deprovisioned' })
  expect((await scim.get(`/Users/${user.id}`)).body.active).toBe(false)
})

it('keeps the people of several clients apart, and lets each person edit their own part (UC-03)', async () => {
  const scim = await serve()
  const one = await scim.user('ines@acme.example')
  await scim.user('noor@globex.example', {}, globex)
  for (const as of ['acme', 'globex']) {
    expect((await scim.get('/Users', { as })).body.totalResults).toBe(1)
  }
  const self = { as: `acme/${one.id}` }
  const edit = [{ op: 'replace', path: 'displayName', value: 'Ines M.' }]
  expect((await scim.patch('/Me', edit, self)).body.displayName).toBe('Ines M.')
})

it('transfers the attributes that are asked for and no others (UC-04)', async () => {
  const scim = await serve()
  const { id } = await scim.user('ines@acme.example', {
    schemas: [userUrn, enterpriseUrn],
    name: { givenName: 'Ines', familyName: 'Moreau' },
    phoneNumbers: [{ value: '+1 555', type: 'work' }],
    [enterpriseUrn]: { department: 'D', costCenter: '7' },
  })
  const names = `userName,name.familyName,${enterpriseUrn}:department`
  const { body } = await scim.get(`/Users?attributes=${names}`)
  expect(body.Resources).toEqual([
    {
      schemas: [userUrn, enterpriseUrn],
      id,
      userName: 'ines@acme.example',
      name: { familyName: 'Moreau' },
      [enterpriseUrn]: { department: 'D' },
    },
  ])
})

it('tells what has changed without handing out everything again (UC-05)', async () => {
  let now = Date.parse('2026-01-31T09:00:00Z')
  const scim = await serve(memoryAdapters(), { clock: () => new Date(now) })
  const [one, other] = [await scim.user('ines@acme.example'), await scim.user('noor@acme.example')]
  now += 60_000
  await scim.patch(`/Users/${other.id}`, [{ op: 'add', path: 'title', value: 'Lead' }])

  const filter = encodeURIComponent('meta.lastModified gt "2026-01-31T09:00:30Z"')
  const { body } = await scim.get(`/Users?filter=${filter}&attributes=userName`)
  expect(body.Resources.map(({ id }: { id: string }) => id)).toEqual([other.id])
  const isSame = async ({ id, meta }: { id: string; meta: { version: string } }) =>
    (await scim.get(`/Users/${id}`, { headers: { 'If-None-Match': meta.version } })).status
  expect([await isSame(one), await isSame(other)]).toEqual([304, 200])
  expect(scim.events.at(-1)).toMatchObject({
    event: 'user.patched',
    target: { id: other.id },
    attributes: ['title'],
  })
})

/** Reads a whole collection page by page, as a client that moves it does. */
async function everything(
  scim: ServiceProvider,
  endpoint: string,
  options?: { as: string },
): Promise<(JsonObject & { id: string })[]> {
  const all: (JsonObject & { id: string })[] = []
  for (let cursor = ''; ; ) {
    const { body } = await scim.get(`${endpoint}?sortBy=externalId&cursor=${cursor}`, options)
    all.push(...body.Resources)
    if (body.nextCursor === undefined) return all
    cursor = body.nextCursor
  }
}

function aPerson(scim: ServiceProvider, index: number) {
  return scim.user(`person-${index}@acme.example`, {
    schemas: [userUrn, enterpriseUrn],
    externalId: `E-${index}`,
    name: { givenName: `G${index}`, familyName: 'Moreau', formatted: `G${index} Moreau` },
    emails: [
      { value: `person-${index}@acme.example`, type: 'work', primary: true },
      { value: `p${index}@home.example`, type: 'home' },
    ],
    active: index % 5 !== 0,
    addresses: [{ streetAddress: `${index} Long\nStreet`, country: 'FR', type: 'work' }],
    x509Certificates: [{ value: 'MIIDQzCCAqygAwIBAgICEAAw' }],
    [enterpriseUrn]: { employeeNumber: String(index), department: 'D' },
  })
}

function creation(path: string, resource: JsonObject) {
  const { id, meta: _, groups: __, ...data } = resource
  return { method: 'POST', path, bulkId: id, data }
}

/** A group whose members are named by what the same request creates. */
function withReferences(group: JsonObject): JsonObject {
  const members = (group['members'] as JsonObject[]).map(({ value }) => ({
    value: `bulkId:${value}`,
  }))
  return { ...group, members }
}

function contentOf(resource: JsonObject): JsonObject {
  const { id: _, meta: __, groups: ___, ...content } = resource
  return content
}
