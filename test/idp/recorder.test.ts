import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { type ExchangeStep, type Transcript, transcriptFile } from '../../lib/recorder/index.js'
import { parseTranscript, readTranscripts, titleOf } from '../support/transcripts.js'
import { type ReplayTarget, replay } from '../support/transcripts-replay.js'
import { startTranscriptServer, type TranscriptServer } from '../support/transcripts-server.js'

const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const servers: TranscriptServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** A tenant of a host of its own that gives every exchange to `record`. */
async function recorded(record?: (step: ExchangeStep) => unknown): Promise<ReplayTarget> {
  const server = await startTranscriptServer({
    adapters: memoryAdapters(),
    mount: '/scim/v2',
    express: 5,
    ...(record && { options: { record } }),
  })
  servers.push(server)
  return server.target()
}

function transcriptOf(steps: readonly ExchangeStep[]): Transcript {
  const json = { name: 'recorded', idp: 'somebody', seen: ['recorded'], steps }
  return parseTranscript(JSON.parse(JSON.stringify(json)), 'recorded.json')
}

/** Options are not recorded, races happen otherwise the next time, and Bulk is left out. */
const replayable = readTranscripts().filter(
  ({ transcript: { options, steps } }) =>
    options === undefined &&
    steps.every((step) => !('parallel' in step) && !JSON.stringify(step).includes('"/Bulk"')),
)

describe('the recorder', () => {
  describe('records a life that replays', () => {
    let record: (step: ExchangeStep) => unknown
    let recording: TranscriptServer
    let replaying: TranscriptServer

    beforeAll(async () => {
      const setting = { adapters: memoryAdapters(), mount: '/', express: 5 } as const
      const options = { record: (step: ExchangeStep) => record(step) }
      recording = await startTranscriptServer({ ...setting, options })
      replaying = await startTranscriptServer({ ...setting, adapters: memoryAdapters() })
    })
    afterAll(async () => {
      await recording.close()
      await replaying.close()
    })

    it.each(replayable.map((file) => [titleOf(file), file] as const))(
      '%s',
      async (_, { transcript }) => {
        const steps: ExchangeStep[] = []
        record = (step) => steps.push(step)
        await replay(transcript, recording.target())
        expect(steps.length).toBeGreaterThan(0)
        await replay(transcriptOf(steps), replaying.target())
      },
    )
  })

  it('writes no name, address, id, password or token of what it records', async () => {
    const steps: ExchangeStep[] = []
    const target = await recorded((step) => steps.push(step))
    const send = sender(target)
    const person = {
      schemas: [userUrn, 'urn:acme:hr'],
      userName: 'Ines.Moreau@acme-corp.test',
      externalId: '00u1secretid',
      password: 'Hunter2!',
      displayName: 'Ines Moreau',
      name: { familyName: 'Moreau', givenName: 'Ines' },
      emails: [{ value: 'ines.moreau@acme-corp.test', type: 'work', primary: true }],
      phoneNumbers: [{ value: '+33 6 99 88 77 66', type: 'mobile' }],
      addresses: [{ country: 'FR', locality: 'Lyon', streetAddress: '1 rue Neuve' }],
      locale: 'fr-FR',
      timezone: 'Europe/Berlin',
      photos: [{ value: 'https://acme-corp.test/ines.png' }],
      roles: [{ value: '{"id":"r-55","displayName":"Chief Moreau"}' }],
      'urn:acme:hr': { apiToken: 'tok-123456', clientSecret: { nested: 'tok-99' }, badge: 4711 },
    }
    const { id } = await send('POST', '/Users', person)
    await send('GET', `/Users/${id}?access_token=tok-777&tok-888`)
    await send('GET', '/Users?filter=userName+eq+%22ines.moreau%40acme-corp.test%22&')
    await send('GET', '/Users?filter=displayName%20sw%20%22Ines%22&cursor=tok-555')
    await send('GET', '/Users?filter=userName eq ines.moreau@acme-corp.test'.replaceAll(' ', '%20'))
    await send('GET', '/Users?filter=displayName+eq+Ines+Moreau+and+active+eq+true')
    await send('GET', '/Users?filter=not+(name.familyName+eq+Moreau)+or+title+co+Moreau')
    await send('GET', '/tok-666/Moreau')
    await send('GET', '/Users/Moreau')
    await send('PATCH', `/Users/${id}`, {
      schemas: [patchUrn],
      Operations: [
        { op: 'replace', path: 'password', value: 'Hunter3!' },
        {
          op: 'replace',
          value: { 'emails[value eq "ines.moreau@acme-corp.test"].display': 'Moreau' },
        },
        { op: 'Replace', path: 'phoneNumbers[value eq "+33 6 99 88 77 66"].value', value: '+33 1' },
      ],
    })
    const written = JSON.stringify(steps)
    for (const secret of [
      ...['moreau', 'ines', 'acme-corp', '00u1secretid', 'hunter', '99 88', 'lyon', 'neuve'],
      ...['fr-fr', 'berlin', '"fr"', 'r-55', 'chief', 'tok-', '4711', 'bearer', 'authorization'],
      ...[String(id).toLowerCase(), target.baseUrl],
    ]) {
      expect(written.toLowerCase()).not.toContain(secret)
    }
  })

  it('keeps structure, attribute names, operators, encoding and the difference of case', async () => {
    const steps: ExchangeStep[] = []
    const send = sender(await recorded((step) => steps.push(step)))
    await send('POST', '/Users', { schemas: [userUrn], userName: 'Ines@acme.test', active: 'True' })
    await send('GET', '/Users?filter=userName+Eq+%22ines%40acme.test%22&&startIndex=1')
    await send('GET', '/Users?filter=userName%20eq%20%22Ines%40acme.test%22%20and%20title%20pr')
    const paths = steps.map(({ request }) => request.path)
    expect(paths).toEqual([
      '/Users',
      '/Users?filter=userName+Eq+%22Person1%40example.com%22&&startIndex=1',
      '/Users?filter=userName%20eq%20%22person1%40example.com%22%20and%20title%20pr',
    ])
    expect(steps[0]?.request).toEqual({
      method: 'POST',
      path: '/Users',
      headers: { 'content-type': 'application/scim+json', 'user-agent': 'Some IdP 1.0' },
      body: { schemas: [userUrn], userName: 'person1@example.com', active: 'True' },
    })
    expect(steps[0]).toMatchObject({ save: 'user1', expected: { status: 201 } })
  })

  it('creates what was there before the recording, so that the rest replays', async () => {
    const adapters = memoryAdapters()
    const steps: ExchangeStep[] = []
    const record = (step: ExchangeStep) => steps.push(step)
    const setting = { adapters, mount: '/', express: 5 } as const
    const server = await startTranscriptServer({ ...setting, options: { record } })
    servers.push(server)
    const target = server.target()
    const send = sender(target, { strict: false })
    const { id } = await send('POST', '/Users', { schemas: [userUrn], userName: 'old@acme.test' })
    const group = await send('POST', '/Groups', { displayName: 'Old', members: [{ value: id }] })
    // Another router over the same store: its recorder knows nothing of them.
    steps.length = 0
    const later = sender(target, { strict: false, deviations: {} })
    await later('GET', '/Users?filter=userName%20eq%20%22old@acme.test%22')
    await later('PATCH', `/Groups/${group.id}`, {
      schemas: [patchUrn],
      Operations: [{ op: 'replace', path: 'displayName', value: 'New' }],
    })
    await later('GET', `/Groups/${group.id}?excludedAttributes=members`)
    expect(steps.filter(({ note }) => note === 'there before the recording')).toHaveLength(2)
    await replay(transcriptOf(steps), await recorded())
  })

  it('writes a file that is a transcript after every exchange', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-recorder-'))
    try {
      const file = path.join(folder, 'life.json')
      const send = sender(await recorded(transcriptFile(file, { name: 'a life', idp: 'Some IdP' })))
      const read = () => parseTranscript(JSON.parse(fs.readFileSync(file, 'utf8')), file)
      await send('POST', '/Users', { schemas: [userUrn], userName: 'ines@acme.test' })
      expect(read()).toMatchObject({ name: 'a life', idp: 'Some IdP', seen: ['recorded'] })
      expect(read().steps).toHaveLength(1)
      await send('GET', '/Users')
      expect(read().steps).toHaveLength(2)
      expect(fs.statSync(file).mode & 0o777).toBe(0o600)
      await replay(read(), await recorded())
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  })

  it('does not disturb the answer when recording fails', async () => {
    const target = await recorded(() => {
      throw new Error('disk full')
    })
    const silenced = jest.spyOn(console, 'error').mockImplementation(() => {})
    const answer = await target.send(
      { method: 'GET', path: '/Users', headers: {} },
      { actor: 'first', options: {} },
    )
    expect(answer.status).toBe(200)
    expect(silenced).toHaveBeenCalled()
    silenced.mockRestore()
  })
})

function sender(target: ReplayTarget, options = {}) {
  return async (method: string, url: string, body?: object): Promise<{ id?: string }> => {
    const headers = { 'Content-Type': 'application/scim+json', 'User-Agent': 'Some IdP 1.0' }
    const text = body && JSON.stringify(body)
    const request = { method, path: url, headers, ...(text !== undefined && { text }) }
    const answer = await target.send(request, { actor: 'first', options })
    return answer.text === '' ? {} : JSON.parse(answer.text)
  }
}
