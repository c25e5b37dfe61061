import type { RequestHandler } from 'express'

/**
 * The checks that must pass before requests are sent to this instance. A rejection counts as
 * failed.
 */
export type Checks = Readonly<Record<string, () => Promise<boolean>>>

const timeoutMs = 2_000
const keptMs = 1_000

/**
 * `/readyz`: 200 if all checks pass, else 503, with the result of each check by name. It gives no
 * reasons, because anybody may ask. Each check runs at most once a second, however many requests
 * come.
 */
export function readiness(checks: Checks): RequestHandler {
  let known: Promise<Readonly<Record<string, boolean>>> | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  return async (_request, response) => {
    if (known === undefined || performance.now() - askedAt > keptMs) {
      askedAt = performance.now()
      known = runAll(checks)
    }
    const results = await known
    const isReady = Object.values(results).every(Boolean)
    const words = Object.entries(results).map(([name, isOk]) => [name, isOk ? 'ok' : 'failed'])
    response
      .status(isReady ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json(Object.fromEntries(words))
  }
}

/** Whether a Label Studio answers. */
export async function answersAt(url: string): Promise<boolean> {
  const { origin, pathname } = new URL(url)
  const health = `${origin}${pathname.replace(/\/$/, '')}/health`
  const response = await fetch(health, {
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  })
  await response.body?.cancel()
  return response.ok
}

async function runAll(checks: Checks): Promise<Readonly<Record<string, boolean>>> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await inTime(check)] as const),
  )
  return Object.fromEntries(results)
}

function inTime(check: () => Promise<boolean>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs, false)
    check()
      .then(resolve, () => resolve(false))
      .finally(() => clearTimeout(timer))
  })
}
