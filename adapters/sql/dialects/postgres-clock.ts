import type { TimeWindow } from './dialect.js'

/** How long an answer of the server is relied on. Clocks drift by some 0.1 s in this time. */
const keptMs = 300_000
/** How far the server's clock may be set back while a statement is on its way. */
const toleranceMs = 500

const question = `select
  cast(extract(epoch from clock_timestamp()) as double precision) as now,
  cast(extract(epoch from pg_postmaster_start_time()) as text) as server`

type Ask = (text: string) => Promise<{ readonly rows: readonly unknown[] }>

/** The clock of the server behind one connection. */
export interface ServerClock {
  /** Reads the clock; returns which server it belongs to: another one has another name. */
  read(ask: Ask): Promise<string>
  isKnown(): boolean
  /** From now on for so long, in the server's time; `undefined` if that is not known. */
  window(ms: number): TimeWindow | undefined
  forget(): void
}

/**
 * Follows the clock of a server by the one of this process that nobody sets. The question took a
 * moment to be answered, so the server's clock is never behind what is reckoned here: the end of a
 * window comes rather too early than too late.
 */
export function serverClock(): ServerClock {
  let offsetMs: number | undefined
  let readAt = Number.NEGATIVE_INFINITY
  return {
    async read(ask) {
      const { rows } = await ask(question)
      const [{ now, server }] = rows as [{ readonly now: number; readonly server: string }]
      readAt = performance.now()
      offsetMs = now * 1_000 - readAt
      return server
    },
    isKnown: () => offsetMs !== undefined && performance.now() - readAt < keptMs,
    window(ms) {
      if (offsetMs === undefined) return undefined
      const now = performance.now() + offsetMs
      return { earliest: (now - toleranceMs) / 1_000, latest: (now + ms) / 1_000 }
    },
    forget() {
      offsetMs = undefined
    },
  }
}
