/**
 * Several tenants in one process: the token decides which tenant's people a request can access. The
 * data of tenants never mixes, so two tenants may use the same user names.
 */
import express, { type Express } from 'express'
import { type Adapters, bearerTokens, scimRouter } from 'label-studio-scim'
import { adminTokens, settingsRouter } from 'label-studio-scim/settings'

/** One customer and the digests of its tokens (`npx label-studio-scim token`). */
export interface Tenant {
  readonly name: string
  readonly scimDigest: string
  readonly adminDigest: string
}

/** SCIM and settings for each of the tenants, on the same adapters. */
export function tenantsApp(adapters: Adapters, tenants: readonly Tenant[]): Express {
  const app = express()
  const idps = tenants.map(({ name, scimDigest }) => ({
    name: `idp of ${name}`,
    tenant: name,
    digest: scimDigest,
  }))
  const administrators = tenants.map(({ name, adminDigest }) => ({
    name: `administrator of ${name}`,
    tenant: name,
    digest: adminDigest,
  }))
  app.use('/scim/v2', scimRouter(adapters, { authenticate: bearerTokens(idps) }))
  app.use(settingsRouter(adapters, { authorize: adminTokens(administrators) }))
  return app
}
