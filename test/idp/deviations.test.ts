import { memoryAdapters } from '../../adapters/memory/index.js'
import { readTranscripts, titleOf } from '../support/transcripts.js'
import { deviationsOf, replay } from '../support/transcripts-replay.js'
import { startTranscriptServer, type TranscriptServer } from '../support/transcripts-server.js'
import { deviations } from './deviation-table.js'

const files = readTranscripts()
const needing = files.filter(({ transcript }) => deviationsOf(transcript).length > 0)

describe('deviations switched off', () => {
  let server: TranscriptServer

  beforeAll(async () => {
    server = await startTranscriptServer({
      adapters: memoryAdapters(),
      mount: '/scim/v2',
      express: 5,
    })
  })
  afterAll(() => server.close())

  const titled = needing.map((file) => [titleOf(file), file] as const)

  it.each(titled)('one by one, each gives the other answer: %s', async (_, { transcript }) => {
    await replay(transcript, server.target(), { without: 'each' })
  })

  it.each(titled)('all by strict: true: %s', async (_, { transcript }) => {
    await replay(transcript, server.target(), { without: 'strict' })
  })

  it.each(deviations.map(({ id }) => id))('%s is needed by a transcript', (id) => {
    const needed = needing.filter(({ transcript }) => deviationsOf(transcript).includes(id))
    expect(needed).not.toEqual([])
  })

  it('has no transcript that needs a deviation which does not exist', () => {
    const ids: readonly string[] = deviations.map(({ id }) => id)
    const unknown = needing.flatMap(({ file, transcript }) =>
      deviationsOf(transcript)
        .filter((id) => !ids.includes(id))
        .map((id) => `${file}: ${id}`),
    )
    expect(unknown).toEqual([])
  })
})
