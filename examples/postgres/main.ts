/**
 * One of any number of hosts on one PostgreSQL. The hosts do not know of each other: each serves
 * requests and does part of the pending work.
 *
 *   DATABASE_URL=postgres://… SCIM_TOKEN_DIGEST=… PORT=3001 node main.js
 */
import express from 'express'
import { bearerTokens, createReconciler, scimRouter } from 'label-studio-scim'
import { sqlAdapters } from 'label-studio-scim/adapters/sql'

const { DATABASE_URL: url = '', SCIM_TOKEN_DIGEST: digest = '', PORT = '3000' } = process.env

const adapters = await sqlAdapters({ url, poolSize: 10 })
const reconciler = createReconciler(adapters)

const app = express()
app.use(
  '/scim/v2',
  scimRouter(adapters, {
    authenticate: bearerTokens([{ name: 'idp', digest }]),
    onPending: () => reconciler.wake(),
  }),
)
const server = app.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`listening on ${JSON.stringify(server.address())}`)
})
reconciler.start()

// Finish the requests in progress; another host continues with the rest.
process.once('SIGTERM', async () => {
  await Promise.all([new Promise((resolve) => server.close(resolve)), reconciler.stop()])
  await adapters.close()
})
