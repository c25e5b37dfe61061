import { setTimeout as pause } from 'node:timers/promises'
import { type StartedHost, startHost } from '../host/start-host.js'
import { type Load, startLoad } from '../support/load.js'

const token = 'token-of-the-identity-provider'

/** Something that goes wrong under a host, and comes right again. */
export interface Fault {
  /** Where the host stores. */
  readonly databaseUrl: string
  begin(host: StartedHost): Promise<void> | void
  end(host: StartedHost): Promise<void> | void
}

/** What is expected while it lasts. */
export interface Expectations {
  /** Some requests are answered 503; otherwise they may just take long. */
  readonly refuses: boolean
  /** What one GET of the list of users is answered, where that is certain. */
  readonly reads?: number
  /** What `/readyz` says, where that is certain. */
  readonly ready?: number
  /** Seconds that it lasts at least, because shorter ones change nothing. */
  readonly atLeastSeconds?: number
}

/** How long each fault lasts. */
const seconds = Number(process.env['FAULT_SECONDS'] ?? 20)
/** How soon everything must be answered again. */
const recoveryMs = 30_000
/** What an answer may take while the fault lasts: the host's own deadline, and a bit. */
const longestMs = 35_000

/**
 * Runs a host under load, with a fault for a while. All along every answer is right: 2xx, or 503
 * that says when to come back and is in the log. Afterwards the same process serves again, and has
 * everything that it acknowledged.
 */
export async function survives(fault: Fault, expected: Expectations): Promise<void> {
  const host = await startHost({
    DATABASE_URL: fault.databaseUrl,
    SCIM_TOKEN: token,
    ADMIN_TOKEN: `admin-${token}`,
  })
  let load: Load | undefined
  try {
    load = await startLoad({ origin: () => host.origin, token }, { seed: 1, workers: 6 })
    await moreThan(load, 60)
    const before = refused(load)
    await fault.begin(host)
    await lastFor(Math.max(seconds, expected.atLeastSeconds ?? 0), { host, expected })
    await fault.end(host)
    await moreThan(load, 60)
    await load.stop()
    expect(refused(load) > before).toBe(expected.refuses)
    expectRight(load, host)
    expect(await load.lost()).toEqual([])
    expect((await host.stop()).code).toBe(0)
  } finally {
    await load?.stop()
    await host.kill()
  }
}

function refused(load: Load): number {
  return load.totals().statuses[503] ?? 0
}

/** Waits for so many more answers 2xx. */
async function moreThan(load: Load, count: number): Promise<void> {
  const enough = load.succeeded() + count
  const deadline = Date.now() + recoveryMs
  while (load.succeeded() < enough) {
    if (Date.now() > deadline) {
      const { statuses, wrong } = load.totals()
      throw new Error(`It does not serve: ${JSON.stringify({ statuses, wrong })}`)
    }
    await pause(20)
  }
}

interface Watched {
  readonly host: StartedHost
  readonly expected: Expectations
}

/** Lets the fault last, and asks meanwhile what a person or a load balancer asks. */
async function lastFor(seconds: number, { host, expected }: Watched): Promise<void> {
  const end = Date.now() + seconds * 1_000
  const startedAt = performance.now()
  expect((await fetch(`${host.origin}/healthz`)).status).toBe(200)
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  // What is known of the database is kept for a second.
  await pause(1_100)
  const { ready, reads } = expected
  if (ready) expect((await fetch(`${host.origin}/readyz`)).status).toBe(ready)
  if (reads) {
    const headers = { authorization: `Bearer ${token}` }
    const { status } = await fetch(`${host.origin}/scim/v2/Users?count=1`, { headers })
    expect(status).toBe(reads)
  }
  await pause(Math.max(end - Date.now(), 0))
}

function expectRight(load: Load, host: StartedHost): void {
  const { statuses, wrong, timesMs, failedIds } = load.totals()
  expect(wrong).toEqual([])
  expect(statuses[0]).toBeUndefined()
  expect(Math.max(...timesMs)).toBeLessThan(longestMs)
  const log = host.log()
  expect(failedIds.filter((id) => !log.includes(`request ${id} `))).toEqual([])
}
