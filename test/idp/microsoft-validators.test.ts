import { memoryAdapters } from '../../adapters/memory/index.js'
import type { ReplayTarget } from '../support/transcripts-replay.js'
import { startTranscriptServer, type TranscriptServer } from '../support/transcripts-server.js'

/**
 * Those steps of Microsoft's Logic App (`LA`, `LAO` in README.md) that need more than a
 * transcript: what it reads from /Schemas, and updates made from that. Its other steps are
 * test/idp/entra/validator-*.json, restore.json, provision-on-demand-*.json; those about OAuth
 * concern the host's authentication.
 */

interface Attribute {
  readonly name: string
  readonly type: string
  readonly multiValued: boolean
  readonly mutability: string
  readonly canonicalValues?: readonly string[]
  readonly subAttributes?: readonly Attribute[]
}

const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/**
 * What Entra ID maps by default for an app of the gallery, and what an administrator usually adds.
 */
const mappedOfUsers = [
  'userName',
  'active',
  'displayName',
  'title',
  'preferredLanguage',
  'name.givenName',
  'name.familyName',
  'name.formatted',
  'externalId',
  'emails[type eq "work"].value',
  'addresses[type eq "work"].formatted',
  'addresses[type eq "work"].streetAddress',
  'addresses[type eq "work"].locality',
  'addresses[type eq "work"].region',
  'addresses[type eq "work"].postalCode',
  'addresses[type eq "work"].country',
  'phoneNumbers[type eq "work"].value',
  'phoneNumbers[type eq "mobile"].value',
  'phoneNumbers[type eq "fax"].value',
  'roles[primary eq "True"].value',
  `${enterpriseUrn}:employeeNumber`,
  `${enterpriseUrn}:department`,
  `${enterpriseUrn}:manager`,
]

let server: TranscriptServer
let target: ReplayTarget

beforeEach(async () => {
  server = await startTranscriptServer({
    adapters: memoryAdapters(),
    mount: '/scim/v2',
    express: 5,
  })
  target = server.target()
})
afterEach(() => server.close())

async function send(method: string, path: string, body?: object) {
  const headers = { Accept: 'application/scim+json', 'Content-Type': 'application/scim+json' }
  const text = body && JSON.stringify(body)
  const answer = await target.send(
    { method, path, headers, ...(text !== undefined && { text }) },
    { actor: 'entra', options: {} },
  )
  return { status: answer.status, body: answer.text === '' ? {} : JSON.parse(answer.text) }
}

async function attributesOf(urn: string): Promise<readonly Attribute[]> {
  const { body } = await send('GET', '/Schemas')
  return body.Resources.find(({ id }: { id: string }) => id === urn)?.attributes
}

/** Names of attributes in the way the Logic App makes them from a schema. */
function flattened({ name, type, multiValued, subAttributes = [] }: Attribute): string[] {
  if (name === 'manager' || name === 'members') return [name]
  if (type !== 'complex') return type === 'reference' ? [] : [name]
  if (!multiValued) {
    return subAttributes
      .filter((sub) => !['complex', 'reference'].includes(sub.type))
      .map((sub) => `${name}.${sub.name}`)
  }
  const types = subAttributes.find((sub) => sub.name === 'type')?.canonicalValues ?? []
  if (types.length === 0) {
    return subAttributes
      .filter((sub) => sub.name !== 'primary')
      .map((sub) => `${name}[primary eq "True"].${sub.name}`)
  }
  return types.flatMap((each) =>
    subAttributes
      .filter((sub) => !['type', 'primary'].includes(sub.name))
      .map((sub) => `${name}[type eq "${each}"].${sub.name}`),
  )
}

it('Schema_Discoverability_Test: /Schemas has every mapped attribute, externalId and Group (R-DISC-02, IDP-47)', async () => {
  const users = (await attributesOf(userUrn)).flatMap(flattened)
  const enterprise = (await attributesOf(enterpriseUrn)).flatMap(flattened)
  const found = [...users, ...enterprise.map((name) => `${enterpriseUrn}:${name}`)]
  expect(mappedOfUsers.filter((name) => !found.includes(name))).toEqual([])
  const groups = (await attributesOf(groupUrn)).flatMap(flattened)
  expect(groups).toEqual(expect.arrayContaining(['displayName', 'externalId', 'members']))
})

it('SCIM_User_Create_Test and SCIM_Group_Create_Test: the names come back (R-CREATE-01)', async () => {
  const user = { schemas: [userUrn, enterpriseUrn], userName: 'Create.Test@example.com' }
  expect(await send('POST', '/Users', user)).toMatchObject({
    status: 201,
    body: { id: expect.stringMatching(/./), userName: user.userName },
  })
  const group = { schemas: [groupUrn], displayName: 'Create Test', externalId: 'create-test' }
  expect(await send('POST', '/Groups', group)).toMatchObject({
    status: 201,
    body: { id: expect.stringMatching(/./), displayName: group.displayName },
  })
})

it('SCIM_User_Update_Test: every singular attribute that can be written is, and is read again (R-PATCH-16)', async () => {
  const { body: user } = await send('POST', '/Users', { userName: 'update.test@example.com' })
  const left = ['groups', 'roles', 'id', 'schemas', 'meta', 'active', 'password']
  const written = (await attributesOf(userUrn)).filter(
    ({ name, type, multiValued, mutability }) =>
      !multiValued && mutability === 'readWrite' && type !== 'complex' && !left.includes(name),
  )
  const values = written.map(({ name, type }) => [name, testValue(name, type)] as const)
  expect(values.length).toBeGreaterThan(8)
  const Operations = values.map(([path, value]) => ({ op: 'Replace', path, value }))
  const patched = await send('PATCH', `/Users/${user.id}`, { schemas: [patchUrn], Operations })
  expect(patched.status).toBe(200)
  const { body } = await send('GET', `/Users/${user.id}`)
  expect(body).toMatchObject(Object.fromEntries(values))
})

it('SCIM_Group_Update_Test: names and externalId are written and read again', async () => {
  const { body: group } = await send('POST', '/Groups', { displayName: 'Update Test' })
  const Operations = [
    { op: 'Replace', path: 'displayName', value: 'Updated' },
    { op: 'Add', path: 'externalId', value: 'updated' },
  ]
  const patched = await send('PATCH', `/Groups/${group.id}`, { schemas: [patchUrn], Operations })
  expect([200, 204]).toContain(patched.status)
  expect((await send('GET', `/Groups/${group.id}`)).body).toMatchObject({
    displayName: 'Updated',
    externalId: 'updated',
  })
})

function testValue(name: string, type: string): unknown {
  if (type === 'boolean') return true
  if (type === 'reference') return `https://example.com/${name}`
  const special: Record<string, string> = {
    locale: 'fr-FR',
    preferredLanguage: 'fr',
    timezone: 'Europe/Paris',
  }
  return special[name] ?? `updated.${name}@example.com`
}
