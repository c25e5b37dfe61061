import { memoryAdapters } from '../../adapters/memory/index.js'
import type { Incoming } from '../support/transcripts-replay.js'
import { startTranscriptServer } from '../support/transcripts-server.js'

const request = { method: 'GET', path: '/Users?startIndex=1&count=2', headers: {} }

it.each([
  { limit: 'no limit by default', options: {}, expected: [] },
  {
    limit: '429 with Retry-After beyond ten seconds of 25 requests, where a limit is set',
    options: { rateLimits: { requestsPerSecond: 25 } },
    expected: ['429 429'],
  },
])('a burst of 400 requests meets $limit (IDP-48)', async ({ options, expected }) => {
  const server = await startTranscriptServer({
    adapters: memoryAdapters(),
    mount: '/scim/v2',
    express: 5,
  })
  try {
    const { send } = server.target()
    const answers: Incoming[] = []
    for (let round = 0; round < 8; round += 1) {
      const burst = Array.from({ length: 50 }, () => send(request, { actor: 'first', options }))
      answers.push(...(await Promise.all(burst)))
    }
    const refused = answers.filter(({ status }) => status !== 200)
    const kinds = refused.map(({ status, text }) => `${status} ${JSON.parse(text).status}`)
    expect([...new Set(kinds)]).toEqual(expected)
    expect(refused.filter(({ headers }) => !(Number(headers['retry-after']) > 0))).toEqual([])
    // Never fewer than ten seconds' worth of the 25 requests per second that Entra ID needs.
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(250)
  } finally {
    await server.close()
  }
})
