/**
 * SCIM, settings and the access gate in front of Label Studio: the smallest complete proxy, for you
 * to copy. Run it with
 *
 *   LABEL_STUDIO_URL=http://127.0.0.1:8080 LABEL_STUDIO_TOKEN=… npm run start:label-studio-proxy
 *
 * In Community, set LABEL_STUDIO_EMAIL and LABEL_STUDIO_PASSWORD, the owner's sign-in, as well:
 * with them accounts are really deactivated.
 */
import express from 'express'
import { bearerTokens, createReconciler, generateToken, scimRouter } from 'label-studio-scim'
import {
  labelStudioAdapters,
  labelStudioPolicy,
  sinceFirstRule,
} from 'label-studio-scim/adapters/label-studio'
import { sqlAdapters } from 'label-studio-scim/adapters/sql'
import { adminTokens, settingsRouter } from 'label-studio-scim/settings'
import { labelStudioProxy } from './proxy.js'

const {
  LABEL_STUDIO_URL: url = '',
  LABEL_STUDIO_TOKEN: token = '',
  LABEL_STUDIO_EMAIL: email,
  LABEL_STUDIO_PASSWORD: password,
  SCIM_TOKEN = generateToken(),
  ADMIN_TOKEN = generateToken(),
  DATABASE_URL = 'sqlite:data/scim.db',
  PORT = '3000',
} = process.env

const adapters = labelStudioAdapters({
  url,
  token,
  storage: await sqlAdapters({ url: DATABASE_URL }),
  ...(email && password && { owner: { email, password } }),
})
const reconciler = createReconciler(adapters)

const app = express()
app.use(
  '/scim/v2',
  scimRouter(adapters, {
    authenticate: bearerTokens([{ name: 'idp', token: SCIM_TOKEN }]),
    onPending: () => reconciler.wake(),
  }),
)
app.use(
  settingsRouter(adapters, {
    authorize: adminTokens([{ name: 'admin', token: ADMIN_TOKEN }]),
    projects: adapters.projects,
    workspaces: adapters.workspaces,
    accounts: adapters.accounts,
    reconciler,
  }),
)
// Last: everything else goes to Label Studio, for people who may enter. Community does not enforce
// roles and projects, so the policy does, as soon as there are rules.
const enforce = labelStudioPolicy({ url, token, isInForce: sinceFirstRule(adapters) })
const proxy = labelStudioProxy(app, adapters, url, { enforce })

const server = app.listen(Number(PORT), '127.0.0.1', async () => {
  for (const { level, message } of await adapters.examine()) console.log(`${level}: ${message}`)
  console.log(`SCIM base URL http://127.0.0.1:${PORT}/scim/v2, token ${SCIM_TOKEN}`)
  console.log(`settings http://127.0.0.1:${PORT}/scim/settings, token ${ADMIN_TOKEN}`)
})
proxy.attach(server)
reconciler.start()
adapters.importer.start()
