import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startFakeLabelStudio } from '../test/support/fake-label-studio/index.js'
import { newMember, newUser } from '../test/support/fake-label-studio/state.js'
import type { Databases } from './databases.js'
import type { ImportMeasured } from './import-host.js'
import { digits } from './statistics.js'
import type { Verdict } from './targets.js'

const people = 10_000
const maxP99 = 20

/**
 * Measures how long an import of 10,000 people blocks the event loop of a host on SQLite: the
 * first, which creates them, and the next, which finds nothing to do.
 */
export async function measureImport(databases: Databases): Promise<readonly Verdict[]> {
  const url = await databases.create('sqlite')
  if (url === undefined) throw new Error('There is no SQLite.')
  const fake = await startFakeLabelStudio({ mode: 'oss-new' })
  const { state } = fake
  for (let each = 0; each < people; each += 1) {
    const id = state.nextId()
    const [email, username] = [`person${each}@example.com`, `person${each}`]
    state.users.set(id, newUser(id, { email, username, activeOrganization: 1 }))
    state.members.set(id, newMember(id, id))
  }
  try {
    const measured = await importInHost([fake.url, fake.token, url])
    return measured.map(({ imported, seconds, p99, longest }) => {
      const target =
        `import of ${digits(people)} people, ${digits(imported)} of them new, in ` +
        `${seconds.toFixed(1)} s: event loop blocked for at most ${longest.toFixed(0)} ms; ` +
        `p99, at most ${maxP99} ms`
      return { target, figure: p99, isMet: p99 <= maxP99 }
    })
  } finally {
    await fake.stop()
  }
}

async function importInHost(parameters: readonly string[]): Promise<readonly ImportMeasured[]> {
  const program = fileURLToPath(new URL('./import-host.js', import.meta.url))
  const host = fork(program, parameters, { env: { ...process.env, NODE_ENV: 'production' } })
  const ended = once(host, 'exit').then(() => Promise.reject(new Error('The host ended.')))
  const [measured] = await Promise.race([once(host, 'message'), ended])
  host.disconnect()
  await ended.catch(() => {})
  return measured as readonly ImportMeasured[]
}
