import type { ServerResponse } from 'node:http'
import type { FakeRequest, FakeResponse } from './http.js'

/**
 * What goes wrong with a request. `down`: the connection is closed without an answer. `slow`: no
 * answer until the client gives up. `dropped`: the work is done, then the connection is closed. All
 * others are answered without any work.
 */
export type Fault =
  | { kind: 'down' }
  | { kind: 'slow' }
  | { kind: 'dropped' }
  | { kind: 'garbage' }
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }

/** When a fault applies. */
export interface FaultRule {
  fault: Fault
  /** Default: every method. */
  method?: string
  /** Default: every path. */
  path?: RegExp
  /** How many requests fail. Default: all until `clear`. */
  times?: number
}

export interface Faults {
  /** Makes requests fail from now on. */
  add(rule: FaultRule): void
  clear(): void
}

/** Faults, with the look-up for the server. */
export function faults(): Faults & { next(request: FakeRequest): Fault | undefined } {
  let rules: (FaultRule & { left: number })[] = []
  return {
    add: (rule) => void rules.push({ ...rule, left: rule.times ?? Number.POSITIVE_INFINITY }),
    clear() {
      rules = []
    },
    next({ method, path }) {
      const rule = rules.find(
        (each) =>
          each.left > 0 &&
          (each.method === undefined || each.method === method) &&
          (each.path === undefined || each.path.test(path)),
      )
      if (rule === undefined) return undefined
      rule.left -= 1
      return rule.fault
    },
  }
}

/** Applies a fault. Returns false if the normal answer should be sent. */
export function strike(
  fault: Fault | undefined,
  response: ServerResponse,
  work: () => FakeResponse,
): boolean {
  if (fault === undefined) return false
  if (fault.kind === 'slow') return true
  if (fault.kind === 'dropped') work()
  if (fault.kind === 'dropped' || fault.kind === 'down') {
    response.socket?.destroy()
    return true
  }
  if (fault.kind === 'garbage') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>We will be back soon</h1>')
    return true
  }
  response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
  response.end(fault.body ?? '{"detail":"fault"}')
  return true
}
