import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import type { AuditEntry } from 'label-studio-scim'

/** Prints one line for each 5xx answer, with the request id that the client got. */
export interface FailureLog {
  /** Mount it before everything else. Gives each request and its answer an `X-Request-Id`. */
  readonly watch: RequestHandler
  /** Call it with every event: the event of a failed request has more details than its answer. */
  note(event: AuditEntry): void
}

/** Ids that are safe to log; the router accepts the same ones. */
const sane = /^[A-Za-z0-9._:=+/-]{1,128}$/

/** Anybody chooses the path, which may have thousands of characters. */
const maxPathLength = 300

export function failureLog(print: (line: string) => void = console.error): FailureLog {
  const told = new Set<string>()
  return {
    watch(request, response, next) {
      const { method, headers, path } = request
      const given = headers['x-request-id']
      const id = typeof given === 'string' && sane.test(given) ? given : randomUUID()
      headers['x-request-id'] = id
      response.setHeader('X-Request-Id', id)
      response.once('close', () => {
        const { statusCode: status, writableEnded } = response
        // A 501 is deliberate, and a client that has disconnected got no answer.
        const isFailure = writableEnded && status >= 500 && status !== 501
        if (isFailure && !told.has(id)) {
          const shown = path.slice(0, maxPathLength)
          print(`request ${id} was answered ${status}: ${method} ${shown}`)
        }
        told.delete(id)
      })
      next()
    },
    note({ event, status = 0, requestId, tenant, detail }) {
      if (event !== 'request.failed' || status < 500) return
      told.add(requestId)
      print(`request ${requestId} of tenant "${tenant}" was answered ${status}: ${detail}`)
    },
  }
}
