import { setTimeout as pause } from 'node:timers/promises'
import { type StartedHost, startHost } from '../host/start-host.js'
import { startFakeLabelStudio } from '../support/fake-label-studio/index.js'
import { startDurablePostgres } from '../support/postgres-server.js'
import { sqliteDatabase } from '../support/test-database.js'
import type { Found, Provider } from './traffic.js'

/** Something that runs, of which one part can be killed and comes back. */
export interface World {
  readonly name: string
  readonly provider: Provider
  /** Kills the part with SIGKILL; resolves when it is back. */
  crash(): Promise<void>
  /**
   * Waits until what was pending is carried out, and compares; absent where nothing lies behind.
   */
  requireCarriedOut?(found: ReadonlyMap<string, Found>): Promise<void>
  close(): Promise<void>
}

const token = 'token-of-the-identity-provider'

/** A host over a database, which may be another each time it starts. */
async function restartable(environment: NodeJS.ProcessEnv) {
  const start = () =>
    startHost({ SCIM_TOKEN: token, ADMIN_TOKEN: `admin-${token}`, ...environment })
  let host: StartedHost = await start()
  return {
    provider: { origin: () => host.origin, token, extra: () => ({}) },
    async crash() {
      await host.kill()
      host = await start()
    },
    stop: () => host.stop(),
  }
}

async function sqliteHost(): Promise<World> {
  const database = sqliteDatabase()
  const host = await restartable({ DATABASE_URL: database.url })
  return {
    name: 'the host is killed, over SQLite',
    provider: host.provider,
    crash: host.crash,
    async close() {
      await host.stop()
      await database.drop()
    },
  }
}

async function postgresHost(): Promise<World> {
  const postgres = await startDurablePostgres()
  const host = await restartable({ DATABASE_URL: postgres.url })
  return {
    name: 'the host is killed, over PostgreSQL',
    provider: host.provider,
    crash: host.crash,
    async close() {
      await host.stop()
      await postgres.stop()
    },
  }
}

async function postgresServer(): Promise<World> {
  const postgres = await startDurablePostgres()
  const host = await restartable({ DATABASE_URL: postgres.url })
  return {
    name: 'PostgreSQL is killed',
    provider: host.provider,
    crash: postgres.crash,
    async close() {
      await host.stop()
      await postgres.stop()
    },
  }
}

const carriedOutWithinMs = 60_000

async function labelStudio(): Promise<World> {
  const database = sqliteDatabase()
  const fake = await startFakeLabelStudio({ mode: 'oss-new' })
  const host = await restartable({
    DATABASE_URL: database.url,
    LABEL_STUDIO_URL: fake.url,
    LABEL_STUDIO_TOKEN: fake.token,
    LABEL_STUDIO_EMAIL: fake.ownerEmail,
    LABEL_STUDIO_PASSWORD: fake.ownerPassword,
  })
  let crashes = 0
  const differences = (found: ReadonlyMap<string, Found>) => {
    const wanted = new Map(
      [...found.values()].flatMap(({ people }) =>
        [...people].map(([email, { active }]) => [email, active] as const),
      ),
    )
    return [...fake.state.users.values()]
      .filter(({ email }) => email !== fake.ownerEmail && !email.startsWith('deleted'))
      .filter(({ email, isActive }) => isActive !== (wanted.get(email) ?? false))
      .map(({ email, isActive }) => `${email} is ${isActive ? 'in' : 'out'}`)
  }
  return {
    name: 'Label Studio is killed, and the host every other time',
    provider: {
      ...host.provider,
      extra: (email) => ({
        emails: [{ value: email, primary: true }],
        password: 'A-good-passw0rd',
      }),
    },
    async crash() {
      crashes += 1
      await fake.kill()
      if (crashes % 2 === 0) await host.crash()
      else await pause(300)
      await fake.restart()
    },
    async requireCarriedOut(found) {
      const deadline = Date.now() + carriedOutWithinMs
      while (differences(found).length > 0) {
        if (Date.now() > deadline) {
          throw new Error(`Label Studio still differs: ${differences(found).join(', ')}.`)
        }
        await pause(100)
      }
    },
    async close() {
      await host.stop()
      await fake.stop()
      await database.drop()
    },
  }
}

/** Each kind of crash, and its share of the kills. */
export const worlds: readonly { readonly share: number; open(): Promise<World> }[] = [
  { share: 0.35, open: sqliteHost },
  { share: 0.25, open: postgresHost },
  { share: 0.2, open: postgresServer },
  { share: 0.2, open: labelStudio },
]
