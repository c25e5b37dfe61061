import { setTimeout as delay } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import type { SqlClient, TimeWindow } from './dialect.js'
import { lateCode } from './postgres.js'
import type { ServerClock } from './postgres-clock.js'

/** Time limits of a connection. */
export interface ClientLimits {
  /** How long after it was sent a statement that is its own transaction may begin to have effect. */
  readonly loneMs: number
  /** How long the server waits for the next statement of a transaction before it ends it. */
  readonly idleMs: number
}

/** What a client of the pool is made with. */
export interface ClientParts extends ClientLimits {
  /** Named statements are parsed only once per connection. */
  readonly names: ReadonlyMap<string, string>
  readonly clock: ServerClock
  /** Called when the server has not answered in time. */
  readonly onSilence: () => void
  readonly onRelease: () => void
}

const silence = 'Query read timeout'
const readOnlyCode = '25006'

/** One connection, for one user at a time. */
export function clientOf(
  client: PoolClient,
  { names, clock, loneMs, idleMs, onSilence, onRelease }: ClientParts,
): SqlClient {
  let isBroken = false
  // A connection keeps the setting that was in force when it was opened, so it may stay read-only
  // after the database takes changes again.
  let isReadOnly = false
  // When the last statement can have no effect any more if it got no answer.
  let endsAt = 0
  const expire = (ms: number) => {
    endsAt = performance.now() + ms
  }
  const failed = (error: unknown) => {
    const { message, severity, code } = error as PostgresAnswer
    const isAnswered = isAnswer(error)
    if (isAnswered) endsAt = 0
    isBroken ||= !isAnswered || severity === 'FATAL'
    isReadOnly ||= code === readOnlyCode
    if (code === lateCode) clock.forget()
    if (message === silence) onSilence()
  }
  const send = async (text: string, values: readonly unknown[]) => {
    const name = names.get(text)
    try {
      const query = { text, values: [...values], ...(name !== undefined && { name }) }
      const result = await client.query(query)
      endsAt = 0
      return result
    } catch (error) {
      failed(error)
      throw error
    }
  }
  return {
    async run(text, values) {
      // An abandoned connection needs no rollback, and the first failure is the one to report.
      if (isBroken && text === 'rollback') return { rows: [], count: 0 }
      if (text === 'commit') expire(idleMs)
      const { rows, rowCount } = await send(text, values)
      return { rows, count: rowCount ?? 0 }
    },
    async window(): Promise<TimeWindow | undefined> {
      if (!clock.isKnown()) await clock.read((text) => send(text, []))
      expire(loneMs)
      return clock.window(loneMs)
    },
    async settled() {
      await delay(Math.max(endsAt - performance.now(), 0))
    },
    release() {
      if (isBroken) reset(client)
      client.release(isBroken || isReadOnly)
      onRelease()
    },
  }
}

/** Whether a failure is an answer of the server: only those have a severity. */
export function isAnswer(error: unknown): boolean {
  return (error as PostgresAnswer).severity !== undefined
}

interface PostgresAnswer {
  readonly message?: unknown
  readonly severity?: unknown
  readonly code?: unknown
}

/** The socket of a client, which the types of `pg` leave out. */
interface WithSocket {
  readonly connection?: { readonly stream?: { resetAndDestroy?(): void; destroy?(): void } }
}

/**
 * Makes the system drop what it has not sent. After an ordinary end it would go on sending for
 * minutes, and the server would carry out what it gets.
 */
function reset(client: PoolClient): void {
  const { stream } = (client as WithSocket).connection ?? {}
  try {
    stream?.resetAndDestroy?.()
  } catch {
    // TLS, where there is no access to the socket below.
    stream?.destroy?.()
  }
}
