import { randomUUID } from 'node:crypto'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { cpuMsOf } from '../support/cpu-time.js'
import type { Incoming, ReplayTarget } from '../support/transcripts-replay.js'
import { startTranscriptServer, type TranscriptServer } from '../support/transcripts-server.js'

/**
 * The steps of Okta's published suites (`OD`, `OF` in README.md), written anew as
 * programs.
 */

const listUrn = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error'
const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const json = { 'Content-Type': 'application/json', 'User-Agent': 'OKTA SCIM Integration' }

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

// biome-ignore lint/suspicious/noExplicitAny: the suites look into bodies of every shape
type Answer = { readonly status: number; readonly body: any }

async function send(
  method: string,
  path: string,
  { body, headers }: { body?: object; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const request = { method, path, headers: { ...json, ...headers } }
  const text = body && JSON.stringify(body)
  const answer: Incoming = await target.send(
    { ...request, ...(text !== undefined && { text }) },
    { actor: 'okta', options: {} },
  )
  return {
    status: answer.status,
    body: answer.text === '' ? undefined : JSON.parse(answer.text),
  }
}

const find = (userName: string) =>
  send('GET', `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`)

function aPerson(userName = `okta.${randomUUID()}@example.com`) {
  return {
    schemas: [userUrn],
    userName,
    name: { givenName: 'Ines', familyName: 'Moreau' },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: 'Ines Moreau',
    active: true,
  }
}

describe("Okta's SPEC test", () => {
  const shape = {
    id: expect.any(String),
    name: { givenName: expect.any(String), familyName: expect.any(String) },
    userName: expect.any(String),
    active: expect.any(Boolean),
    emails: expect.arrayContaining([expect.objectContaining({ value: expect.any(String) })]),
  }

  it('step 1 and 2: a list of one person, and this person (R-QUERY-01, IDP-36, IDP-40)', async () => {
    await send('POST', '/Users', { body: aPerson() })
    const { status, body } = await send('GET', '/Users?count=1&startIndex=1')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      schemas: [listUrn],
      totalResults: 1,
      startIndex: 1,
      itemsPerPage: 1,
      Resources: [shape],
    })
    const one = await send('GET', `/Users/${body.Resources[0].id}`)
    expect(one).toMatchObject({ status: 200, body: { ...shape, id: body.Resources[0].id } })
  })

  it.each([
    ['step 3: an invalid address', 'not an address at all'],
    ['step 5: a random name', randomUUID()],
  ])('%s finds nobody (R-QUERY-04, IDP-06)', async (_, userName) => {
    await send('POST', '/Users', { body: aPerson() })
    expect(await find(userName)).toMatchObject({
      status: 200,
      body: { schemas: [listUrn], totalResults: 0 },
    })
  })

  it.each([
    ['step 4', '010101001010101011001010101011'],
    ['step 12', '00919288221112222'],
  ])('%s: an unknown person is a 404 that says so (R-READ-02, IDP-36)', async (_, id) => {
    const { status, body } = await send('GET', `/Users/${id}`)
    expect({ status, body }).toMatchObject({
      status: 404,
      body: { schemas: [errorUrn], status: '404', detail: expect.stringMatching(/./) },
    })
  })

  it('step 6 to 9: creates somebody, reads, refuses a second and finds in another case (R-CREATE-01, R-CREATE-04, IDP-32)', async () => {
    const person = aPerson()
    const created = await send('POST', '/Users', { body: person })
    expect(created).toMatchObject({
      status: 201,
      body: { ...shape, active: true, userName: person.userName, schemas: [userUrn] },
    })
    const read = await send('GET', `/Users/${created.body.id}`)
    expect(read).toEqual({ status: 200, body: created.body })
    expect(await send('POST', '/Users', { body: person })).toMatchObject({ status: 409 })
    const found = await find(person.userName.toUpperCase())
    expect(found).toMatchObject({
      status: 200,
      body: { totalResults: 1, Resources: [{ id: created.body.id }] },
    })
  })

  it('step 10: a list of groups in less than 600 ms', async () => {
    const answered = async () => expect(await send('GET', '/Groups')).toMatchObject({ status: 200 })
    expect(await cpuMsOf(answered)).toBeLessThan(600)
  })

  it('step 11: a token that is none is a 401 in JSON (R-AUTH-02, IDP-36)', async () => {
    const headers = { Authorization: 'non-token' }
    expect(await send('GET', '/Users', { headers })).toMatchObject({
      status: 401,
      body: { schemas: [errorUrn], status: '401', detail: expect.stringMatching(/./) },
    })
  })

  it('of the draft: PUT and PATCH of a person; POST, GET, PUT, PATCH and DELETE of a group', async () => {
    const { body: user } = await send('POST', '/Users', { body: aPerson() })
    const renamed = { ...user, name: { givenName: 'Inès', familyName: 'Moreau' } }
    expect(await send('PUT', `/Users/${user.id}`, { body: renamed })).toMatchObject({
      status: 200,
      body: { name: { givenName: 'Inès' } },
    })
    const operations = (...Operations: object[]) => ({
      body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations },
    })
    const off = operations({ op: 'replace', value: { active: false } })
    expect(await send('PATCH', `/Users/${user.id}`, off)).toMatchObject({ status: 200 })
    const displayName = `Group ${randomUUID()}`
    const { body: group } = await send('POST', '/Groups', { body: { displayName, members: [] } })
    const path = `/Groups/${group.id}`
    expect(await send('GET', path)).toMatchObject({ status: 200, body: { displayName } })
    const members = [{ value: user.id }]
    expect(await send('PUT', path, { body: { displayName, members } })).toMatchObject({
      status: 200,
      body: { members },
    })
    const out = operations({ op: 'remove', path: `members[value eq "${user.id}"]` })
    expect(await send('PATCH', path, out)).toMatchObject({ status: 204 })
    expect(await send('DELETE', path)).toEqual({ status: 204, body: undefined })
    expect(await send('GET', path)).toMatchObject({ status: 404 })
  })
})

describe("Okta's CRUD test", () => {
  it('assigns, changes, deactivates, reactivates and unassigns somebody, looking after each (IDP-29, IDP-38)', async () => {
    const person = aPerson()
    const isThere = async (expected: object) => {
      const { status, body } = await find(person.userName)
      expect({ status, user: body.Resources[0] }).toMatchObject({ status: 200, user: expected })
      return body.Resources[0]
    }
    const put = async (changes: object) => {
      const { body: current } = await send('GET', `/Users/${(await isThere({})).id}`)
      const answer = await send('PUT', `/Users/${current.id}`, { body: { ...current, ...changes } })
      expect(answer.status).toBe(200)
    }
    expect((await find(person.userName)).body.totalResults).toBe(0)
    await send('POST', '/Users', { body: person })
    const { name, emails } = person
    await isThere({ name, emails, active: true })
    await put({ name: { ...name, givenName: 'Changed' } })
    await isThere({ name: { givenName: 'Changed', familyName: 'Moreau' } })
    await put({ active: false })
    await isThere({ active: false })
    await put({ active: true })
    await isThere({ active: true })
    await put({ active: false })
    await isThere({ active: false })
  })
})

describe("Okta's entitlements test", () => {
  it('reads one entry of a resource type that a host adds (R-DRAFT-03)', async () => {
    const schema = 'urn:example:params:scim:schemas:Entitlement'
    const options = {
      schemas: [{ id: schema, name: 'Entitlement', attributes: [{ name: 'displayName' }] }],
      resourceTypes: [{ name: 'Entitlement', endpoint: '/Entitlements', schema }],
    }
    const about = { actor: 'okta', options }
    const text = JSON.stringify({ schemas: [schema], displayName: 'Reviewer' })
    const request = { path: '/Entitlements', headers: json }
    const created = await target.send({ ...request, method: 'POST', text }, about)
    expect(created.status).toBe(201)
    const path = '/Entitlements?count=1&startIndex=1'
    const listed = await target.send({ ...request, method: 'GET', path }, about)
    expect(JSON.parse(listed.text)).toMatchObject({
      itemsPerPage: 1,
      Resources: [{ displayName: 'Reviewer' }],
    })
    for (const discovery of ['/ResourceTypes', '/Schemas']) {
      const answer = await target.send({ ...request, method: 'GET', path: discovery }, about)
      expect(answer.text).toContain(schema)
    }
  })
})
