import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { type TestDatabase, testDatabase, testDialect } from '../support/test-database.js'
import { readTranscripts, titleOf } from '../support/transcripts.js'
import { replay } from '../support/transcripts-replay.js'
import { startTranscriptServer, type TranscriptServer } from '../support/transcripts-server.js'

// With transcripts.test.ts, every pair of store, mount path and version of Express.
describe.each([
  { mount: '/scim/v2', express: 4 },
  { mount: '/', express: 5 },
] as const)(`transcripts on ${testDialect} at $mount on Express $express`, (setting) => {
  let database: TestDatabase
  let adapters: SqlAdapters
  let server: TranscriptServer

  beforeAll(async () => {
    database = await testDatabase()
    adapters = await sqlAdapters({ url: database.url })
    server = await startTranscriptServer({ adapters, ...setting })
  })
  afterAll(async () => {
    await server.close()
    await adapters.close()
    await database.drop()
  })

  it.each(readTranscripts().map((file) => [titleOf(file), file] as const))(
    '%s',
    async (_, { transcript }) => {
      await replay(transcript, server.target())
    },
  )
})
