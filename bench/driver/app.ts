import express, { type Express } from 'express'
import { newId } from '../data.js'
import { type Connection, plainDriver } from './drivers.js'
import { type Row, substitution, type Template, textOf } from './template.js'

/** A server that does nothing but the statements of a request. */
export interface DriverServer {
  readonly app: Express
  /** Says what the next requests do. */
  replay(template: Template): void
}

/**
 * The limit of the benchmark: a bare Express 5 handler that runs the statements and flushes that
 * the adapter runs for the same request, through the plain driver, and answers their rows.
 */
export function driverApp(url: string): DriverServer {
  const driver = plainDriver(url)
  let current: Template | undefined
  const app = express()
  app.use(express.text({ type: () => true, limit: '32mb' }))
  app.use(async (request, response) => {
    if (current === undefined) {
      response.status(404).end()
      return
    }
    const body = typeof request.body === 'string' ? request.body : ''
    const connection = await driver.connect()
    try {
      response.json(await run(connection, current, textOf(request.method, request.url, body)))
    } catch (error) {
      console.error(error)
      response.status(500).end()
    } finally {
      connection.release()
    }
  })
  return {
    app,
    replay(template) {
      current = template
    },
  }
}

async function run(connection: Connection, template: Template, request: string): Promise<Row[]> {
  const { parametersOf, note } = substitution(template, request, newId)
  const all: Row[] = []
  for (const step of template.steps) {
    if (step.kind === 'flush') {
      await connection.flush()
      continue
    }
    if (step.kind === 'setting') {
      await connection.set(step.text)
      continue
    }
    const found = connection.run(step, parametersOf(step))
    // SQLite answers at once; another request must not come in between during its transaction.
    const rows: readonly Row[] = Array.isArray(found) ? found : await found
    note(step, rows)
    all.push(...rows)
  }
  return all
}
