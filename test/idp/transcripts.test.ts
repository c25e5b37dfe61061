import { memoryAdapters } from '../../adapters/memory/index.js'
import { readTranscripts, titleOf } from '../support/transcripts.js'
import { replay } from '../support/transcripts-replay.js'
import { startTranscriptServer, type TranscriptServer } from '../support/transcripts-server.js'

// With transcripts.sql.test.ts, every pair of store, mount path and version of Express.
describe.each([
  { mount: '/', express: 4 },
  { mount: '/scim/v2', express: 5 },
] as const)('transcripts in memory at $mount on Express $express', (setting) => {
  let server: TranscriptServer

  beforeAll(async () => {
    server = await startTranscriptServer({ adapters: memoryAdapters(), ...setting })
  })
  afterAll(() => server.close())

  it.each(readTranscripts().map((file) => [titleOf(file), file] as const))(
    '%s',
    async (_, { transcript }) => {
      await replay(transcript, server.target())
    },
  )
})
