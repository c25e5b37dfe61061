import type { Request } from 'express'

/**
 * Returns a function that finds requests which no Express app has prepared: Connect, Polka or a
 * plain server run the same middleware, but do not know the address of the client, `trust proxy` or
 * the mount path. A process warning says so once.
 */
export function expressNeeded(router: string): (request: Request) => TypeError | undefined {
  let isTold = false
  return ({ app }) => {
    if (typeof (app as Request['app'] | undefined)?.get === 'function') return undefined
    const message =
      `${router} needs an Express app. Mount it in one, and hand the requests to this app: ` +
      `const app = express(); app.use(…, ${router}(…)); http.createServer(app), ` +
      'koaConnect(app), polka().use(app), and so on.'
    if (!isTold) {
      process.emitWarning(message, { type: 'ConfigurationWarning', code: 'ERR_SCIM_EXPRESS' })
    }
    isTold = true
    return new TypeError(message)
  }
}
